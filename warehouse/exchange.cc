#include "warehouse/exchange.h"

#include <utility>

namespace dbsql::warehouse {

Exchange::Exchange(HttpRequest request, Sender sender)
    : request_(std::move(request)), sender_(std::move(sender)) {}

Exchange::~Exchange() {
  if (answered_.exchange(true)) return;
  HttpReply nothing;
  nothing.delivery.ending = Delivery::Ending::Close;
  sender_(std::move(nothing));
}

void Exchange::reply(HttpReply reply) {
  if (answered_.exchange(true)) return;
  for (const Filter& filter : filters_) filter(reply);
  if (recorder_) recorder_(reply);
  sender_(std::move(reply));
}

}  // namespace dbsql::warehouse
