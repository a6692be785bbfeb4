// The least that a pull with unpacking does: what tests/bench/pull measures gocker-image against.
//
//     pull_prototype PORT NAME DIRECTORY
//
// GET of manifest, config and layers over plain HTTP from 127.0.0.1; each blob kept as it comes and
// hashed; igzip; the hash of the tar; one directory a layer; two threads, each with a layer of its
// own. No retries, no whiteouts, no lower layers, no limits, no locks, no attributes but owner,
// mode and time: it is right for the images of the benchmark alone. Exits with 1 where a hash is
// not as it should be.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <isa-l/igzip_lib.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { kChunk = 128 << 10, kMostLayers = 64, kBlock = 512, kNameSize = 4097 };

static const char *name, *directory;
static unsigned short port;
static struct layer {
  char digest[65];
  char diff_id[65];
} layers[kMostLayers];
static int layer_count;
static atomic_int next_layer;

static void check(int good, const char* what) {
  if (good) return;
  fprintf(stderr, "pull_prototype: %s: %s\n", what, strerror(errno));
  exit(1);
}

// --- HTTP ---------------------------------------------------------------------------------------

struct response {
  int socket;
  long left;  // bytes of the body that were not read yet
  char buffer[kChunk];
  size_t start, end;
};

static void get(struct response* response, const char* kind, const char* what) {
  struct sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  char request[1024];
  response->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(connect(response->socket, (struct sockaddr*)&address, sizeof address) == 0, "connect");
  int length = snprintf(request, sizeof request,
                        "GET /v2/%s/%s/%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n"
                        "Accept: application/vnd.oci.image.manifest.v1+json\r\n\r\n",
                        name, kind, what, port);
  check(write(response->socket, request, (size_t)length) == length, "request");
  size_t got = 0;
  char* body = NULL;
  while (body == NULL) {
    ssize_t more = read(response->socket, response->buffer + got, kChunk - 1 - got);
    check(more > 0, "response");
    got += (size_t)more;
    response->buffer[got] = 0;
    body = strstr(response->buffer, "\r\n\r\n");
  }
  char* size = strcasestr(response->buffer, "\r\nContent-Length:");
  check(strncmp(response->buffer, "HTTP/1.1 200", 12) == 0 && size != NULL && size < body,
        "response");
  response->left = atol(size + 17);
  response->start = (size_t)(body + 4 - response->buffer);
  response->end = got;
}

// The next bytes of the body, in the response's buffer; 0 at its end.
static size_t next_bytes(struct response* response, const char** bytes) {
  if (response->left == 0) {
    close(response->socket);
    return 0;
  }
  if (response->start == response->end) {
    ssize_t got = read(response->socket, response->buffer, kChunk);
    check(got > 0, "body");
    response->start = 0;
    response->end = (size_t)got;
  }
  size_t size = response->end - response->start;
  *bytes = response->buffer + response->start;
  response->start = response->end;
  response->left -= (long)size;
  return size;
}

// --- hashes -------------------------------------------------------------------------------------

static EVP_MD_CTX* new_hash(void) {
  EVP_MD_CTX* hash = EVP_MD_CTX_new();
  EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
  return hash;
}

static void check_hash(EVP_MD_CTX* hash, const char* expected, const char* what) {
  unsigned char bytes[32];
  char digits[65];
  EVP_DigestFinal_ex(hash, bytes, NULL);
  EVP_MD_CTX_free(hash);
  for (int i = 0; i < 32; ++i) sprintf(digits + 2 * i, "%02x", bytes[i]);
  errno = EBADMSG;
  check(strcmp(digits, expected) == 0, what);
}

// --- tar ----------------------------------------------------------------------------------------

struct unpacker {
  int tree;            // the layer's directory
  int file;            // that is being written, or -1
  long left, padding;  // bytes of it, and up to the next block
  char header[kBlock];
  size_t filled;
  char path[kNameSize], target[kNameSize];  // by a long name that came before; else empty
  char* text;                               // where a long name goes, or NULL
  size_t text_filled;
  struct timespec times[2];
};

static long octal(const char* field, size_t size) {
  long value = 0;
  if (field[0] & 0x80) {
    for (size_t i = 1; i < size; ++i) value = value << 8 | (unsigned char)field[i];
    return value;
  }
  for (size_t i = 0; i < size; ++i)
    if (field[i] >= '0' && field[i] <= '7') value = value * 8 + (field[i] - '0');
  return value;
}

static void whole_name(const struct unpacker* it, char* path, char* target) {
  const char* header = it->header;
  if (it->path[0])
    strcpy(path, it->path);
  else if (memcmp(header + 257, "ustar\0", 6) == 0 && header[345])
    sprintf(path, "%.155s/%.100s", header + 345, header);
  else
    sprintf(path, "%.100s", header);
  if (it->target[0])
    strcpy(target, it->target);
  else
    sprintf(target, "%.100s", header + 157);
}

static void end_file(struct unpacker* it) {
  if (it->file < 0) return;
  futimens(it->file, it->times);
  close(it->file);
  it->file = -1;
}

static void begin_entry(struct unpacker* it) {
  char path[kNameSize], target[kNameSize];
  const char *header = it->header, type = header[156];
  if (header[0] == 0) return;
  long size = octal(header + 124, 12);
  it->left = size;
  it->padding = (kBlock - size % kBlock) % kBlock;
  it->text_filled = 0;
  it->text = type == 'L' ? it->path : type == 'K' ? it->target : NULL;
  if (it->text) return;
  whole_name(it, path, target);
  mode_t mode = (mode_t)octal(header + 100, 8);
  uid_t uid = (uid_t)octal(header + 108, 8);
  gid_t gid = (gid_t)octal(header + 116, 8);
  it->times[0].tv_sec = it->times[1].tv_sec = octal(header + 136, 12);
  if (type == '5') {
    mkdirat(it->tree, path, mode);
    if (uid || gid) fchownat(it->tree, path, uid, gid, AT_SYMLINK_NOFOLLOW);
  } else if (type == '2') {
    symlinkat(target, it->tree, path);
    if (uid || gid) fchownat(it->tree, path, uid, gid, AT_SYMLINK_NOFOLLOW);
    utimensat(it->tree, path, it->times, AT_SYMLINK_NOFOLLOW);
  } else if (type == '1') {
    linkat(it->tree, target, it->tree, path, 0);
  } else if (type == '0' || type == 0) {
    it->file = openat(it->tree, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode & 0777);
    check(it->file >= 0, path);
    if (uid || gid) fchown(it->file, uid, gid);
    if (mode & 07000) fchmod(it->file, mode);
    if (size == 0) end_file(it);
  }
  it->path[0] = it->target[0] = 0;
}

static void take_content(struct unpacker* it, const char* bytes, size_t size) {
  if (it->file >= 0) check(write(it->file, bytes, size) == (ssize_t)size, "write");
  if (it->text && it->text_filled + size < kNameSize) {
    memcpy(it->text + it->text_filled, bytes, size);
    it->text_filled += size;
    it->text[it->text_filled] = 0;
  }
  it->left -= (long)size;
  if (it->left == 0) end_file(it);
}

static void unpack(struct unpacker* it, const char* bytes, size_t size) {
  while (size > 0) {
    size_t step;
    if (it->left > 0) {
      step = (size_t)it->left < size ? (size_t)it->left : size;
      take_content(it, bytes, step);
    } else if (it->padding > 0) {
      step = (size_t)it->padding < size ? (size_t)it->padding : size;
      it->padding -= (long)step;
    } else {
      step = kBlock - it->filled < size ? kBlock - it->filled : size;
      memcpy(it->header + it->filled, bytes, step);
      it->filled += step;
      if (it->filled == kBlock) {
        it->filled = 0;
        begin_entry(it);
      }
    }
    bytes += step;
    size -= step;
  }
}

// --- layers -------------------------------------------------------------------------------------

static int open_new(const char* format, const char* digest, int flags) {
  char path[kNameSize];
  snprintf(path, sizeof path, format, directory, digest);
  if (flags & O_DIRECTORY) check(mkdir(path, 0755) == 0, path);
  int file = open(path, flags | O_CLOEXEC, 0644);
  check(file >= 0, path);
  return file;
}

struct layer_buffers {
  struct response response;
  struct inflate_state inflate;
  unsigned char plain[2 * kChunk];
};

static void pull_layer(const struct layer* layer, struct layer_buffers* buffers) {
  char what[80];
  snprintf(what, sizeof what, "sha256:%s", layer->digest);
  int blob = open_new("%s/blob-%s", layer->digest, O_WRONLY | O_CREAT | O_EXCL);
  struct unpacker unpacker = {
      .file = -1, .tree = open_new("%s/tree-%s", layer->digest, O_RDONLY | O_DIRECTORY)};
  EVP_MD_CTX *digest = new_hash(), *diff_id = new_hash();
  isal_inflate_init(&buffers->inflate);
  buffers->inflate.crc_flag = ISAL_GZIP;
  const char* bytes;
  size_t size;
  get(&buffers->response, "blobs", what);
  while ((size = next_bytes(&buffers->response, &bytes)) > 0) {
    EVP_DigestUpdate(digest, bytes, size);
    check(write(blob, bytes, size) == (ssize_t)size, "write");
    buffers->inflate.next_in = (unsigned char*)bytes;
    buffers->inflate.avail_in = (unsigned)size;
    do {
      buffers->inflate.next_out = buffers->plain;
      buffers->inflate.avail_out = sizeof buffers->plain;
      check(isal_inflate(&buffers->inflate) == ISAL_DECOMP_OK, "inflate");
      size_t got = sizeof buffers->plain - buffers->inflate.avail_out;
      EVP_DigestUpdate(diff_id, buffers->plain, got);
      unpack(&unpacker, (const char*)buffers->plain, got);
    } while (buffers->inflate.avail_out == 0);
  }
  close(blob);
  close(unpacker.tree);
  check_hash(digest, layer->digest, "digest");
  check_hash(diff_id, layer->diff_id, "diff id");
}

static void* pull_layers(void* unused) {
  struct layer_buffers* buffers = malloc(sizeof *buffers);
  int mine;
  while ((mine = atomic_fetch_add(&next_layer, 1)) < layer_count)
    pull_layer(&layers[mine], buffers);
  free(buffers);
  return unused;
}

// All of a document; the hexadecimal digits behind each "sha256:" from `start` on.
static int digests_in(const char* kind, const char* what, const char* start, char digests[][65]) {
  static struct response response;
  static char text[1 << 20];
  size_t filled = 0, size;
  const char* bytes;
  get(&response, kind, what);
  while ((size = next_bytes(&response, &bytes)) > 0 && filled + size < sizeof text) {
    memcpy(text + filled, bytes, size);
    filled += size;
  }
  int count = 0;
  char* at = strstr(text, start);
  while (at != NULL && (at = strstr(at, "sha256:")) != NULL && count < kMostLayers) {
    sprintf(digests[count++], "%.64s", at += 7);
  }
  memset(text, 0, filled);
  return count;
}

int main(int count, char** words) {
  static char found[kMostLayers][65];
  char what[80];
  check(count == 4, "PORT NAME DIRECTORY");
  port = (unsigned short)atoi(words[1]);
  name = words[2];
  directory = words[3];
  umask(0);
  layer_count = digests_in("manifests", "latest", "\"config\"", found) - 1;
  snprintf(what, sizeof what, "sha256:%s", found[0]);
  for (int i = 0; i < layer_count; ++i) strcpy(layers[i].digest, found[i + 1]);
  int diff_ids = digests_in("blobs", what, "\"diff_ids\"", found);
  errno = EBADMSG;
  check(layer_count > 0 && diff_ids == layer_count, "layers");
  for (int i = 0; i < layer_count; ++i) strcpy(layers[i].diff_id, found[i]);
  pthread_t other;
  check(pthread_create(&other, NULL, pull_layers, NULL) == 0, "thread");
  pull_layers(NULL);
  pthread_join(other, NULL);
  return 0;
}
