#include "config/option_rows.h"

namespace dbsql::config {
namespace {

using Config = ConnectionConfig;
using Value = OptionValue;

constexpr Option kTransaction[] = {
    {.key = "transactions.mode",
     .other_names = "ignore_transactions?ignore:native",
     .jdbc_names = "IgnoreTransactions?ignore:native",
     .odbc_names = "IgnoreTransactions?ignore:native",
     .type = OptionType::Choice,
     .fallback = "native",
     .choices = "native ignore",
     .help = "native: transactions as the server has them; ignore: begin, commit and rollback do "
             "nothing, and every statement is committed at once",
     .store = [](Config& config,
                 const Value& value) { config.transactions.ignored = value.text == "ignore"; },
     .text =
         [](const Config& config) {
           return std::string(config.transactions.ignored ? "ignore" : "native");
         }},
    {.key = "transactions.autocommit_source",
     .other_names = "fetch_autocommit_from_server?server:cache",
     .jdbc_names = "FetchAutoCommitFromServer?server:cache",
     .type = OptionType::Choice,
     .fallback = "cache",
     .choices = "cache server",
     .help = "who knows whether autocommit is on: this side, or the server, which is asked each "
             "time",
     .store = [](Config& config,
                 const Value& value) { config.transactions.asks_server = value.text == "server"; },
     .text =
         [](const Config& config) {
           return std::string(config.transactions.asks_server ? "server" : "cache");
         }},
    {.key = "transactions.metadata_side_session",
     .type = OptionType::Boolean,
     .fallback = "true",
     .help = "answer questions for tables and columns inside a transaction from a second session; "
             "servers refuse them in the transaction's own",
     .store = store<&Config::transactions, &TransactionOptions::side_session>,
     .text = text<&Config::transactions, &TransactionOptions::side_session>},
};

}  // namespace

std::span<const Option> transaction_options() noexcept { return kTransaction; }

}  // namespace dbsql::config
