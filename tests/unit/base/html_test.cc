#include "base/html.h"

#include <gtest/gtest.h>

namespace dbsql::base {
namespace {

TEST(Html, LeavesNothingThatIsMarkup) {
  EXPECT_EQ(escape_html("<b a=\"1\" c='2'>x & y</b>"),
            "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;x &amp; y&lt;/b&gt;");
  EXPECT_EQ(escape_html("plain \xC3\xA4"), "plain \xC3\xA4");
}

}  // namespace
}  // namespace dbsql::base
