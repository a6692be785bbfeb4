// What the launcher and the container's init say to each other while a container is created. Both
// are one program: init is a clone of the launcher and shares what it had in memory.
//
//   launcher                                  init
//   clone3 -------------------------------->
//  [id maps, oom_score_adj, scheduling        waits
//   kProceed ------------------------------>]
//   record, device filter, seccomp program    control groups, namespaces, root filesystem
//     [<------------------ kNamespacesReady   (+ the terminal's controller)
//   prestart and createRuntime hooks]
//   kProceed (+ seccomp program) ---------->  createContainer hooks, pivot, user, capabilities
//      <------------------ kSeccompListener   (+ its descriptor, where the filter notifies)
//      <---------------------------- kReady   waits at the gate (runtime/container/start_gate.h)
// or, where it is to run at once,
//      <------------------------ kExecuting
//      <-------------------- (end of file)    the program runs
//
// What is in brackets is left out where the configuration asks for nothing of it, and the last
// kProceed comes as soon as the seccomp program is there then: init waits for nobody.
//
// At any time kFailed (errno and text) may stand in for what is expected. Init dies when it reads
// the end of file; the launcher kills it when anything fails.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/fd.h"

namespace gocker {

enum class MessageKind : char {
  kProceed = 'P',
  kNamespacesReady = 'N',
  kSeccompListener = 'S',
  kReady = 'R',
  kExecuting = 'X',
  kChild = 'C',  // a bridge tells of the init that it cloned (+ its pidfd)
  kFailed = 'F',
};

struct Message {
  MessageKind kind = MessageKind::kFailed;
  std::string text;
  std::vector<Fd> fds;
};

class SyncSocket {
 public:
  explicit SyncSocket(Fd socket) : socket_(std::move(socket)) {}

  // Throws the last words of the other side where that is gone.
  void send(MessageKind kind, const std::vector<int>& fds = {}, std::string_view text = {}) const;
  // By write(2): what else there is, a filter of the container's own may deny by now.
  void report(MessageKind kind) const;
  void send_failure(int code, std::string_view text) const noexcept;
  // The next message. An Error where it is kFailed (with the other side's own text), and where the
  // other side is gone.
  Message receive() const;
  Message expect(MessageKind kind) const;
  // The same, but nothing at the end of file, which an execve(2) on the other side shows as.
  std::optional<Message> receive_until_end() const;

  int descriptor() const { return socket_.get(); }

 private:
  Fd socket_;
};

}  // namespace gocker
