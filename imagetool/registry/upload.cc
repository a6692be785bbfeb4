#include "imagetool/registry/upload.h"

#include <algorithm>
#include <optional>

#include "imagetool/registry/refusal.h"
#include "imagetool/registry/url.h"
#include "runtime/base/error.h"
#include "runtime/base/text.h"

namespace gocker {
namespace {

constexpr uint64_t kChunk = 16 << 20;
constexpr uint64_t kMaxChunk = uint64_t{1} << 30;

constexpr long kOk = 200;
constexpr long kCreated = 201;
constexpr long kAccepted = 202;
constexpr long kNotFound = 404;
constexpr long kTooLarge = 413;
constexpr long kRangeNotSatisfiable = 416;

class Upload : public Transfer {
 public:
  Upload(RegistryConnection& connection, BlobUpload& blob)
      : Transfer(connection, "upload", blob.name), blob_(blob) {}

  bool complete() const override { return blob_.complete(); }

 private:
  // What the next request is for.
  enum class Step {
    look,   // is it there?
    mount,  // take it from another repository, or open an upload
    open,   // open an upload
    whole,  // send all of it and close
    ask,    // how much has arrived?
    part,   // send a chunk, or the rest
    close,
  };

  bool ready() const override;
  HttpRequest next_request() override;
  void receive(const HttpResponse&, std::string_view) override {}  // nothing is asked for
  void take_answer(const HttpResponse& response) override;
  void connection_broke() override;
  uint64_t progress() const override { return arrived_; }

  HttpRequest open_request(const std::string& query) const;
  HttpRequest at_location(const char* method) const;
  HttpRequest closing(HttpRequest request) const;
  HttpBody body(uint64_t size);
  uint64_t part_size() const;

  void after_look(const HttpResponse& response);
  void after_open(const HttpResponse& response);
  void after_whole(const HttpResponse& response);
  void after_ask(const HttpResponse& response);
  void after_part(const HttpResponse& response);

  void follow(const HttpResponse& response);
  void take_range(const HttpResponse& response, uint64_t fallback);
  void go_on();
  bool start_over();
  void finish(BlobUpload::Way way);
  [[noreturn]] void refuse(const HttpResponse& response) const;

  BlobUpload& blob_;
  Step step_ = Step::look;
  std::string location_;   // of the upload that is open; empty: none is
  uint64_t arrived_ = 0;   // at the registry, of that upload
  uint64_t part_ = 0;      // bytes that the request under way sends
  uint64_t chunk_ = 0;     // how much one request may send; 0: all
  uint64_t smallest_ = 0;  // that the registry takes as a chunk
};

bool Upload::ready() const {
  if (step_ == Step::look || step_ == Step::mount || !blob_.available) return true;
  blob_.wanted = true;
  return blob_.available();
}

HttpRequest Upload::next_request() {
  const std::string digest = percent_encode(blob_.descriptor.digest);
  HttpRequest request;
  switch (step_) {
    case Step::look:
      request = connection().repository_request("/blobs/" + blob_.descriptor.digest);
      request.method = "HEAD";
      return request;
    case Step::mount:
      return open_request("?mount=" + digest + "&from=" + percent_encode(blob_.mount_from));
    case Step::open:
      return open_request({});
    case Step::whole:
      request = closing(at_location("PUT"));
      request.body = body(blob_.descriptor.size);
      return request;
    case Step::ask:
      return at_location("GET");
    case Step::part:
      request = at_location("PATCH");
      part_ = part_size();
      request.headers.push_back("Content-Range: " + std::to_string(arrived_) + "-" +
                                std::to_string(arrived_ + part_ - 1));
      request.body = body(part_);
      return request;
    case Step::close:
      break;
  }
  request = closing(at_location("PUT"));
  request.body = text_body({});
  return request;
}

HttpRequest Upload::open_request(const std::string& query) const {
  HttpRequest request = connection().repository_request("/blobs/uploads/" + query);
  request.method = "POST";
  request.body = text_body({});
  return request;
}

HttpRequest Upload::at_location(const char* method) const {
  HttpRequest request = connection().request_to(location_, location_);
  request.method = method;
  if (request.method != "GET") request.headers = {"Content-Type: application/octet-stream"};
  return request;
}

HttpRequest Upload::closing(HttpRequest request) const {
  request.url += request.url.find('?') == std::string::npos ? '?' : '&';
  request.url += "digest=" + percent_encode(blob_.descriptor.digest);
  return request;
}

HttpBody Upload::body(uint64_t size) {
  const uint64_t start = arrived_;
  HttpBody body = file_body(blob_.file, start, size);
  body.read = [this, start, read = std::move(body.read)](uint64_t offset, char* buffer,
                                                         size_t room) {
    const size_t got = read(offset, buffer, room);
    blob_.sent = start + offset + got;
    return got;
  };
  return body;
}

uint64_t Upload::part_size() const {
  const uint64_t rest = blob_.descriptor.size - arrived_;
  return chunk_ == 0 ? rest : std::min(rest, std::max(chunk_, smallest_));
}

void Upload::take_answer(const HttpResponse& response) {
  switch (step_) {
    case Step::look:
      return after_look(response);
    case Step::mount:
    case Step::open:
      return after_open(response);
    case Step::whole:
      return after_whole(response);
    case Step::ask:
      return after_ask(response);
    case Step::part:
      return after_part(response);
    case Step::close:
      break;
  }
  if (response.success()) return finish(BlobUpload::Way::sent);
  if (response.status == kNotFound && start_over()) return;
  refuse(response);
}

void Upload::after_look(const HttpResponse& response) {
  if (response.status == kOk) return finish(BlobUpload::Way::found);
  // Others than 404 say that a registry does not tell.
  const bool is_denied = response.status == 401 || response.status == 403;
  if (is_denied) refuse(response);
  if (!location_.empty()) {
    step_ = Step::ask;
  } else {
    step_ = blob_.mount_from.empty() ? Step::open : Step::mount;
  }
}

void Upload::after_open(const HttpResponse& response) {
  if (response.status == kCreated) {
    // Only a mount is an answer to what was asked. Some registries know the blob all the same.
    return finish(BlobUpload::Way::mounted);
  }
  if (response.status == kAccepted) {
    follow(response);
    smallest_ = parse_u64(response.header("oci-chunk-min-length"), kMaxChunk).value_or(0);
    return go_on();
  }
  // A registry that does not know of mounts, or not of that repository.
  if (step_ != Step::mount) refuse(response);
  step_ = Step::open;
}

void Upload::after_whole(const HttpResponse& response) {
  if (response.success()) return finish(BlobUpload::Way::sent);
  const bool too_large = response.status == kTooLarge && blob_.descriptor.size > kChunk;
  if (too_large && chunk_ == 0) {
    chunk_ = kChunk;
    location_.clear();
    step_ = Step::open;
    return;
  }
  if (response.status == kNotFound && start_over()) return;
  refuse(response);
}

void Upload::after_ask(const HttpResponse& response) {
  if (!response.success()) {
    if (!start_over()) refuse(response);
    return;
  }
  follow(response);
  take_range(response, 0);
  go_on();
}

void Upload::after_part(const HttpResponse& response) {
  const bool is_lost = response.status == kNotFound || response.status == kRangeNotSatisfiable;
  if (is_lost && start_over()) return;
  if (!response.success()) refuse(response);
  const uint64_t before = arrived_;
  follow(response);
  take_range(response, before + part_);
  if (arrived_ > before) return go_on();
  if (!start_over()) throw Error("the registry takes its chunks, but keeps nothing of them");
}

// What was sent may have arrived all the same, or a part of it.
void Upload::connection_broke() {
  const bool sends = step_ == Step::whole || step_ == Step::part || step_ == Step::close;
  if (sends) step_ = Step::look;
}

// Each answer may name another address to go on at.
void Upload::follow(const HttpResponse& response) {
  const std::string_view location = response.header("location");
  if (location.empty() && location_.empty()) {
    throw Error("the registry does not say where it is to be sent (no header Location)");
  }
  if (!location.empty()) location_ = connection().request_to(location, response.url).url;
}

// Range: 0-N, the last byte that has arrived; 0-0 means none, too.
void Upload::take_range(const HttpResponse& response, uint64_t fallback) {
  std::string_view range = response.header("range");
  if (range.starts_with("bytes=")) range.remove_prefix(6);
  const std::optional<uint64_t> last =
      range.starts_with("0-") ? parse_u64(range.substr(2)) : std::nullopt;
  arrived_ = fallback;
  if (last) arrived_ = *last == 0 ? 0 : *last + 1;
  if (arrived_ > blob_.descriptor.size) {
    throw Error("the registry has got more of it than there is");
  }
  blob_.sent = arrived_;
}

void Upload::go_on() {
  if (arrived_ == 0 && chunk_ == 0) {
    step_ = Step::whole;
  } else {
    step_ = arrived_ == blob_.descriptor.size ? Step::close : Step::part;
  }
}

// The registry does not know the upload: it has lost it, or it was closed by a request whose answer
// got lost.
bool Upload::start_over() {
  if (!retry_later()) return false;
  location_.clear();
  arrived_ = 0;
  blob_.sent = 0;
  step_ = Step::look;
  return true;
}

void Upload::finish(BlobUpload::Way way) {
  blob_.way = way;
  blob_.sent = blob_.descriptor.size;
}

void Upload::refuse(const HttpResponse& response) const {
  throw Refusal(connection().explain(response), response.status);
}

}  // namespace

std::unique_ptr<Transfer> make_upload(RegistryConnection& connection, BlobUpload& blob) {
  return std::make_unique<Upload>(connection, blob);
}

}  // namespace gocker
