"""Registries that want to know who asks, and the files that say who we are."""

import base64
import json
import urllib.parse


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def demand_basic(registry, user="ann", password="secret:1"):
    """All of the registry is for one user."""
    def check(request, _):
        if request.headers.get("Authorization") == basic(user, password):
            return False
        request.refuse(401, "UNAUTHORIZED", "authentication required",
                       {"WWW-Authenticate": 'Basic realm="here"'})
        return True
    registry.fault("/v2/", check)


class Tokens:
    """A token server on /token of `server`, whose tokens open `registry`."""

    def __init__(self, registry, server=None, user=None, password=None, member="token"):
        self.count = 0
        self.valid = set()
        self.asked = []  # the queries
        self.user, self.password, self.member = user, password, member
        server = server or registry
        self.realm = f"http://{server.host}/token"
        server.fault("^/token", self.give)
        registry.fault("/v2/", self.check)

    def give(self, request, _):
        if self.user and request.headers.get("Authorization") != basic(self.user, self.password):
            request.answer(401, json.dumps({"details": "incorrect username or password"}).encode())
            return
        self.asked.append(urllib.parse.parse_qs(urllib.parse.urlparse(request.path).query))
        self.count += 1
        token = f"token-{self.count}"
        self.valid = {token}
        request.answer(200, json.dumps({self.member: token, "expires_in": 60}).encode())

    def check(self, request, _):
        if request.headers.get("Authorization", "").removeprefix("Bearer ") in self.valid:
            return False
        request.refuse(401, "UNAUTHORIZED", "authentication required", {
            "WWW-Authenticate": f'Bearer realm="{self.realm}",service="s 1",'
                                'scope="repository:test/image:pull"'})
        return True


def login_file(path, host, user="ann", password="secret:1"):
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"auths": {host: {"auth": auth}}}))
