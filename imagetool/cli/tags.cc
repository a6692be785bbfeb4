#include <array>

#include "imagetool/cli/command.h"
#include "imagetool/cli/registry_options.h"
#include "imagetool/interrupt.h"
#include "imagetool/reference.h"
#include "imagetool/registry/repository.h"
#include "runtime/base/error.h"
#include "runtime/command_line/output.h"

namespace gocker::cli {
namespace {

constexpr std::array kOptions = {kInsecure, kTlsVerify, kCertDir, kAuthFile, kCreds};

Reference repository_argument(const std::string& text) {
  Reference reference = parse_reference(text);
  if (reference.tag_left_out && reference.digest.empty()) return reference;
  throw UsageError("'" + text + "' is no repository: without a tag and a digest");
}

void run(const Global&, const Arguments& arguments) {
  const Reference reference = repository_argument(arguments.positionals()[0]);
  const Transport transport = transport_of(arguments);
  const InterruptWatch interrupts;
  Endpoint endpoint = endpoints_of(reference, load_registries_conf()).back();
  if (transport != Transport::usual) endpoint.transport = transport;
  HttpClient client(certificates_of(arguments, reference.host));
  Repository repository(
      client, endpoint,
      load_credentials(credential_source(arguments), endpoint.host, endpoint.path));
  std::string text;
  for (const std::string& tag : repository.tags()) text += tag + "\n";
  print(text);
}

}  // namespace

const Command kTags = {
    "tags",
    "REPOSITORY",
    "list the tags that a repository has at its registry",
    "REPOSITORY is [HOST[:PORT]/]PATH. One a line, in the registry's order.\n",
    kOptions,
    1,
    1,
    run,
    StopAt::end,
    1,
    WorksOn::own_files,
};

}  // namespace gocker::cli
