#include "otel/trace_context.h"

#include "support/capture_error.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace dbsql::otel {
namespace {

using test::capture_error;

constexpr const char* kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceParent, IsReadAndWritten) {
  const auto context = parse_trace_parent(kParent);

  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id[0], 0x0a);
  EXPECT_EQ(context->span_id[7], 0x31);
  EXPECT_TRUE(context->is_sampled());
  EXPECT_EQ(to_trace_parent(*context), kParent);
}

TEST(TraceParent, KeepsThatATraceIsNotSampled) {
  const auto context =
      parse_trace_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00");

  ASSERT_TRUE(context);
  EXPECT_FALSE(context->is_sampled());
  EXPECT_TRUE(to_trace_parent(*context).ends_with("-00"));
}

TEST(TraceParent, OfALaterVersionIsReadAsFarAsItIsKnown) {
  const auto context =
      parse_trace_parent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff-more");

  ASSERT_TRUE(context);
  EXPECT_EQ(to_trace_parent(*context),
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-03");  // flags that are known
}

TEST(TraceParent, IsRefusedWhenItIsNone) {
  for (const char* text : {
           "",
           "00",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333g-01",
           "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",
       }) {
    EXPECT_FALSE(parse_trace_parent(text)) << text;
  }
}

TEST(TraceState, MayHoldWhatTheStandardAllows) {
  for (const char* text : {"", "congo=t61rcWkgMzE", "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
                           "a=1 , b=2,,c=3", "tenant@system=x", "0a=b c!"})
    EXPECT_TRUE(is_trace_state(text)) << text;
}

TEST(TraceState, MayHoldNothingElse) {
  std::string many;
  for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=v,";
  for (const std::string& text :
       {std::string("novalue"), std::string("UPPER=1"), std::string("a="), std::string("a=b=c"),
        std::string("a=b\r\nX-Evil: 1"), std::string("a@b@c=1"), std::string("=x"), many,
        "a=" + std::string(257, 'x')})
    EXPECT_FALSE(is_trace_state(text)) << text;
}

TEST(TraceContextOfACall, IsCheckedBeforeAnythingIsSent) {
  EXPECT_FALSE(read_context("", ""));
  EXPECT_EQ(read_context(kParent, "a=1")->state, "a=1");
  EXPECT_EQ(capture_error([] { read_context("nonsense", ""); }).kind(), ErrorKind::InvalidArgument);
  EXPECT_EQ(capture_error([] { read_context(kParent, "a=b\r\nX: 1"); }).kind(),
            ErrorKind::InvalidArgument);
  EXPECT_EQ(capture_error([] { read_context("", "a=1"); }).kind(), ErrorKind::InvalidArgument);
}

TEST(TraceIds, AreNeverTheSameAndNeverZero) {
  std::set<TraceId> traces;
  std::set<SpanId> spans;
  for (int i = 0; i < 1000; ++i) {
    traces.insert(new_trace_id());
    spans.insert(new_span_id());
  }

  EXPECT_EQ(traces.size(), 1000U);
  EXPECT_EQ(spans.size(), 1000U);
  EXPECT_FALSE(traces.contains(TraceId{}));
  EXPECT_FALSE(spans.contains(SpanId{}));
}

}  // namespace
}  // namespace dbsql::otel
