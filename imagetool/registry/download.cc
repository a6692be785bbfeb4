#include "imagetool/registry/download.h"

#include <unistd.h>

#include <memory>

#include "imagetool/digest.h"
#include "imagetool/registry/refusal.h"
#include "runtime/base/error.h"
#include "runtime/base/file.h"

namespace gocker {
namespace {

constexpr size_t kReadSize = 256 << 10;
// libcurl hands over 16 KB at a time; the kernel takes longer writes for a fraction of the work.
constexpr size_t kWriteSize = 256 << 10;
constexpr long kPartialContent = 206;
constexpr long kRangeNotSatisfiable = 416;

class Download : public Transfer {
 public:
  Download(RegistryConnection& connection, BlobDownload& blob)
      : Transfer(connection, "download", blob.name), blob_(blob) {
    take_what_is_there();
  }
  // What goes on later begins where the file ends.
  ~Download() override;

  bool complete() const override {
    return blob_.complete || (blob_.wish && blob_.wish() == BlobDownload::Wish::never);
  }

 private:
  bool ready() const override { return !blob_.wish || blob_.wish() == BlobDownload::Wish::now; }
  HttpRequest next_request() override;
  void receive(const HttpResponse& head, std::string_view bytes) override;
  void take_answer(const HttpResponse& response) override;
  uint64_t progress() const override { return blob_.received; }

  void take_what_is_there();
  void write_out();
  void begin_answer(const HttpResponse& head);
  void start_over();
  void check_complete();

  BlobDownload& blob_;
  Sha256 hash_;
  std::string unwritten_;  // the end of what was received
  bool answer_began_ = false;
  bool resumed_ = false;  // the beginning is from another process and may be damaged
};

Download::~Download() {
  try {
    write_out();
  } catch (const std::exception&) {
    // It is fetched again: what is in the file is right as far as it goes.
  }
}

// The beginning of the blob, from a download that was cut off. It may be all of it.
void Download::take_what_is_there() {
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

HttpRequest Download::next_request() {
  HttpRequest request =
      connection().repository_request(std::string("/blobs/").append(blob_.descriptor.digest));
  request.offset = blob_.received;
  answer_began_ = false;
  return request;
}

void Download::receive(const HttpResponse& head, std::string_view bytes) {
  if (!answer_began_) begin_answer(head);
  if (bytes.size() > blob_.descriptor.size - blob_.received) {
    throw Error("it is longer than the " + std::to_string(blob_.descriptor.size) +
                " bytes that the manifest says");
  }
  if (unwritten_.capacity() == 0) unwritten_.reserve(kWriteSize);
  if (unwritten_.size() + bytes.size() > kWriteSize) write_out();
  unwritten_.append(bytes);
  blob_.received += bytes.size();
  if (blob_.received == blob_.descriptor.size) write_out();
}

void Download::write_out() {
  std::string bytes;
  bytes.swap(unwritten_);  // nothing is written twice where this fails
  if (bytes.empty()) return;
  write_all(blob_.file, bytes, "its file");
  hash_.update(bytes);
  bytes.clear();
  unwritten_.swap(bytes);
  if (blob_.arrived && !resumed_) blob_.arrived(blob_.received);
}

// A server that ignores Range sends the whole blob again, under status 200.
void Download::begin_answer(const HttpResponse& head) {
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
void Download::start_over() {
  if (resumed_) check(::ftruncate(blob_.file.get(), 0), "truncate", "its file");
  resumed_ = false;
  check(::lseek(blob_.file.get(), 0, SEEK_SET), "seek in", "its file");
  hash_ = Sha256();
  unwritten_.clear();
  blob_.received = 0;
}

void Download::take_answer(const HttpResponse& response) {
  if (response.status == kRangeNotSatisfiable && blob_.received != 0 && retry_later()) {
    return start_over();
  }
  if (!response.success()) throw Refusal(connection().explain(response), response.status);
  check_complete();
}

void Download::check_complete() {
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
  unwritten_ = std::string();
  if (blob_.arrived) blob_.arrived(blob_.received);
}

}  // namespace

std::unique_ptr<Transfer> make_download(RegistryConnection& connection, BlobDownload& blob) {
  return std::make_unique<Download>(connection, blob);
}

void download_blobs(Repository& repository, std::vector<BlobDownload>& blobs,
                    const std::function<void()>& tick) {
  RegistryConnection& connection = repository.connection();
  std::vector<std::unique_ptr<Transfer>> transfers;
  transfers.reserve(blobs.size());
  for (BlobDownload& blob : blobs) transfers.push_back(make_download(connection, blob));
  run_transfers(connection.client(), transfers, tick);
}

}  // namespace gocker
