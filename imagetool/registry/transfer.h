// Blobs on their way to or from a registry: several at once, each over as many requests as it
// takes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "imagetool/registry/connection.h"

namespace gocker {

// One blob. It has at most one request under way; an authorization that has run out is renewed, and
// what fails in passing is tried again, with a break that grows.
class Transfer {
 public:
  // `name` is for messages: "download layer 2 of 5" is `verb` and `name`.
  Transfer(RegistryConnection& connection, const char* verb, const std::string& name)
      : connection_(connection), verb_(verb), name_(name) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  virtual ~Transfer() = default;

  virtual bool complete() const = 0;
  bool running() const { return static_cast<bool>(exchange_); }
  bool due() const;
  const HttpExchange* exchange() const { return exchange_.get(); }
  RegistryConnection& connection() const { return connection_; }

  void start();
  // Its exchange has ended. Throws where it cannot go on.
  void settle();

 protected:
  // Whether it may start, as far as it depends on others.
  virtual bool ready() const { return true; }
  virtual HttpRequest next_request() = 0;
  virtual void receive(const HttpResponse& head, std::string_view bytes) = 0;
  // Neither a 401 that could be answered nor a failure in passing that is tried again.
  virtual void take_answer(const HttpResponse& response) = 0;
  // The way broke: what is to be known before the next try.
  virtual void connection_broke() {}
  // Grows as long as tries bring something.
  virtual uint64_t progress() const = 0;

  bool retry_later(std::string_view retry_after = {});

 private:
  void settle_answer(const HttpResponse& response);

  RegistryConnection& connection_;
  const char* verb_;
  const std::string& name_;
  Retries retries_;
  std::chrono::steady_clock::time_point not_before_{};
  std::string authorization_;  // of the request that runs
  std::unique_ptr<HttpExchange> exchange_;
};

// Carries all out, in their order as far as they are due, a few at a time. `tick` is called at
// least once a second, and after each request. Throws at the first that cannot be carried out. All
// are of one `client`.
void run_transfers(HttpClient& client, std::span<const std::unique_ptr<Transfer>> transfers,
                   const std::function<void()>& tick);

}  // namespace gocker
