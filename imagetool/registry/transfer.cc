#include "imagetool/registry/transfer.h"

#include <algorithm>

#include "imagetool/registry/refusal.h"
#include "runtime/base/error.h"

namespace gocker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kParallel = 4;
constexpr std::chrono::milliseconds kTick{200};
constexpr long kUnauthorized = 401;

void start_due(std::span<const std::unique_ptr<Transfer>> transfers) {
  auto running = std::count_if(transfers.begin(), transfers.end(),
                               [](const auto& transfer) { return transfer->running(); });
  for (const auto& transfer : transfers) {
    if (running >= kParallel) return;
    if (!transfer->due()) continue;
    transfer->start();
    ++running;
  }
}

}  // namespace

bool Transfer::due() const {
  return !running() && !complete() && Clock::now() >= not_before_ && ready();
}

void Transfer::start() {
  const Doing doing(verb_, name_);
  HttpRequest request = next_request();
  authorization_ = request.authorization;
  exchange_ = std::make_unique<HttpExchange>(
      std::move(request), [this](const HttpResponse& head, std::string_view bytes) {
        const Doing receiving(verb_, name_);
        receive(head, bytes);
      });
  connection_.client().start(*exchange_);
}

void Transfer::settle() {
  const Doing doing(verb_, name_);
  const std::unique_ptr<HttpExchange> ended = std::move(exchange_);
  try {
    settle_answer(ended->response());
  } catch (const HttpFailure& failure) {
    if (!failure.transient() || !retry_later()) throw;
    connection_broke();
  }
}

void Transfer::settle_answer(const HttpResponse& response) {
  if (response.status == kUnauthorized && connection_.answer_challenge(response, authorization_)) {
    return;
  }
  if (is_passing(response.status) && retry_later(response.header("retry-after"))) {
    connection_broke();
    return;
  }
  if (response.status != kUnauthorized) connection_.let_through();
  take_answer(response);
}

bool Transfer::retry_later(std::string_view retry_after) {
  const auto delay = retries_.next(progress(), retry_after);
  if (!delay) return false;
  not_before_ = Clock::now() + *delay;
  return true;
}

void run_transfers(HttpClient& client, std::span<const std::unique_ptr<Transfer>> transfers,
                   const std::function<void()>& tick) {
  const auto all_complete = [&] {
    return std::all_of(transfers.begin(), transfers.end(),
                       [](const auto& transfer) { return transfer->complete(); });
  };
  while (!all_complete()) {
    start_due(transfers);
    const HttpExchange* ended = client.wait(kTick);
    const auto owner = std::find_if(transfers.begin(), transfers.end(), [&](const auto& transfer) {
      return ended != nullptr && transfer->exchange() == ended;
    });
    if (owner != transfers.end()) (*owner)->settle();
    tick();
  }
}

}  // namespace gocker
