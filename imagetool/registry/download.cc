#include "imagetool/registry/download.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "imagetool/digest.h"
#include "imagetool/registry/refusal.h"
#include "imagetool/registry/retries.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kParallel = 4;
constexpr std::chrono::milliseconds kTick{200};
constexpr size_t kReadSize = 256 << 10;
constexpr long kPartialContent = 206;
constexpr long kRangeNotSatisfiable = 416;

// One blob on its way, over as many requests as it takes.
class Job {
 public:
  Job(Repository& repository, BlobDownload& blob) : repository_(repository), blob_(blob) {
    take_what_is_there();
  }

  bool running() const { return static_cast<bool>(exchange_); }
  bool complete() const { return blob_.complete; }
  bool due() const { return !running() && !complete() && Clock::now() >= not_before_; }
  const HttpExchange* exchange() const { return exchange_.get(); }

  void start();
  // Its exchange has ended.
  void settle();

 private:
  void take_what_is_there();
  void receive(const HttpResponse& head, std::string_view bytes);
  void begin_answer(const HttpResponse& head);
  void start_over();
  void settle_answer(const HttpResponse& response);
  void check_complete();
  bool retry_later(std::string_view retry_after);

  Repository& repository_;
  BlobDownload& blob_;
  Sha256 hash_;
  Retries retries_;
  Clock::time_point not_before_ = Clock::now();
  std::string authorization_;  // of the request that runs
  bool answer_began_ = false;
  bool resumed_ = false;  // the beginning is from another process and may be damaged
  std::unique_ptr<HttpExchange> exchange_;
};

// The beginning of the blob, from a download that was cut off. It may be all of it.
void Job::take_what_is_there() {
  const Doing doing("resume", blob_.name);
  std::vector<char> buffer(kReadSize);
  ssize_t got = 0;
  while ((got = check(::read(blob_.file.get(), buffer.data(), buffer.size()), "read")) > 0) {
    hash_.update({buffer.data(), static_cast<size_t>(got)});
    blob_.received += static_cast<uint64_t>(got);
    resumed_ = true;
  }
  if (blob_.received > blob_.descriptor.size) return start_over();
  if (resumed_ && blob_.received == blob_.descriptor.size) check_complete();
}

void Job::start() {
  HttpRequest request = repository_.blob_request(blob_.descriptor.digest, blob_.received);
  authorization_ = request.authorization;
  answer_began_ = false;
  exchange_ = std::make_unique<HttpExchange>(
      std::move(request),
      [this](const HttpResponse& head, std::string_view bytes) { receive(head, bytes); });
  repository_.client().start(*exchange_);
}

void Job::receive(const HttpResponse& head, std::string_view bytes) {
  const Doing doing("download", blob_.name);
  if (!answer_began_) begin_answer(head);
  if (bytes.size() > blob_.descriptor.size - blob_.received) {
    throw Error("it is longer than the " + std::to_string(blob_.descriptor.size) +
                " bytes that the manifest says");
  }
  write_all(blob_.file, bytes, "its file");
  hash_.update(bytes);
  blob_.received += bytes.size();
  if (blob_.arrived && !resumed_) blob_.arrived(blob_.received);
}

// A server that ignores Range sends the whole blob again, under status 200.
void Job::begin_answer(const HttpResponse& head) {
  answer_began_ = true;
  if (blob_.received == 0) return;
  if (head.status != kPartialContent) return start_over();
  const std::string expected = "bytes " + std::to_string(blob_.received) + "-";
  if (!head.header("content-range").starts_with(expected)) {
    throw Error("the registry sends another part of it than was asked for");
  }
}

// Others may be reading what has arrived: it is written over with the same bytes, not cut off.
// Nobody reads what was resumed.
void Job::start_over() {
  if (resumed_) check(::ftruncate(blob_.file.get(), 0), "truncate", "its file");
  resumed_ = false;
  check(::lseek(blob_.file.get(), 0, SEEK_SET), "seek in", "its file");
  hash_ = Sha256();
  blob_.received = 0;
}

void Job::settle() {
  const Doing doing("download", blob_.name);
  const std::unique_ptr<HttpExchange> ended = std::move(exchange_);
  try {
    settle_answer(ended->response());
  } catch (const HttpFailure& failure) {
    if (!failure.transient() || !retry_later({})) throw;
  }
}

void Job::settle_answer(const HttpResponse& response) {
  if (response.status == 401 && repository_.answer_challenge(response, authorization_)) return;
  if (response.status == kRangeNotSatisfiable && blob_.received != 0 && retry_later({})) {
    return start_over();
  }
  if (is_passing(response.status) && retry_later(response.header("retry-after"))) return;
  if (!response.success()) throw Refusal(repository_.explain(response), response.status);
  repository_.succeeded();
  check_complete();
}

void Job::check_complete() {
  if (blob_.received != blob_.descriptor.size) {
    throw Error("it ends after " + std::to_string(blob_.received) + " of " +
                std::to_string(blob_.descriptor.size) + " bytes");
  }
  const std::string digest = hash_.finish();
  if (resumed_ && digest != blob_.descriptor.digest) return start_over();
  if (digest != blob_.descriptor.digest) {
    throw Error("its content has the digest " + digest + ", not " + blob_.descriptor.digest);
  }
  blob_.complete = true;
  if (blob_.arrived) blob_.arrived(blob_.received);
}

bool Job::retry_later(std::string_view retry_after) {
  const auto delay = retries_.next(blob_.received, retry_after);
  if (!delay) return false;
  not_before_ = Clock::now() + *delay;
  return true;
}

void start_due(std::vector<std::unique_ptr<Job>>& jobs) {
  auto running =
      std::count_if(jobs.begin(), jobs.end(), [](const auto& j) { return j->running(); });
  for (const auto& job : jobs) {
    if (running >= kParallel) return;
    if (!job->due()) continue;
    job->start();
    ++running;
  }
}

}  // namespace

void download_blobs(Repository& repository, std::vector<BlobDownload>& blobs,
                    const std::function<void()>& tick) {
  std::vector<std::unique_ptr<Job>> jobs;
  jobs.reserve(blobs.size());
  for (BlobDownload& blob : blobs) jobs.push_back(std::make_unique<Job>(repository, blob));
  const auto all_complete = [&] {
    return std::all_of(jobs.begin(), jobs.end(), [](const auto& job) { return job->complete(); });
  };
  while (!all_complete()) {
    start_due(jobs);
    const HttpExchange* ended = repository.client().wait(kTick);
    const auto owner = std::find_if(jobs.begin(), jobs.end(), [&](const auto& job) {
      return ended != nullptr && job->exchange() == ended;
    });
    if (owner != jobs.end()) (*owner)->settle();
    tick();
  }
}

}  // namespace gocker
