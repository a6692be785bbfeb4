"""A token server whose tokens a real registry takes: JSON web tokens, signed by openssl. It answers GETs
with a user's password, and OAuth 2's POSTs with an identity token."""

import base64
import json
import subprocess
import time
import urllib.parse

from logins import basic

SERVICE, ISSUER = "the registry", "the token server"


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=")


class SignedTokens:
    """On /token of `server`, a FakeRegistry. `questions` are the forms and queries so far."""

    def __init__(self, server, folder, identity, login=("ann", "secret:1")):
        self.realm = f"http://{server.host}/token"
        self.service, self.issuer = SERVICE, ISSUER
        self.key, self.certificate = folder / "token-key.pem", folder / "token-certificate.pem"
        self.identity, self.login = identity, login
        self.questions = []
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", self.key,
                        "-out", self.certificate, "-days", "2", "-subj", "/CN=tokens"],
                       check=True, capture_output=True)
        server.fault("^/token", self.give)

    def give(self, request, _):
        if request.command == "POST":
            asked = urllib.parse.parse_qs(request.read_content().decode())
            known = asked.get("refresh_token") == [self.identity]
            scopes = asked.get("scope", [""])[0].split()
        else:
            asked = urllib.parse.parse_qs(urllib.parse.urlparse(request.path).query)
            known = request.headers.get("Authorization") == basic(*self.login)
            scopes = asked.get("scope", [])
        self.questions.append((request.command, asked))
        if not known:
            request.answer(401, json.dumps({"details": "who are you?"}).encode())
            return
        request.answer(200, json.dumps({"access_token": self.token(scopes), "expires_in": 300}).encode())

    def token(self, scopes):
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        der = subprocess.run(["openssl", "x509", "-in", self.certificate, "-outform", "DER"],
                             check=True, capture_output=True).stdout
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        now = int(time.time())
        payload = {"iss": ISSUER, "aud": SERVICE, "sub": "ann", "iat": now, "nbf": now - 60,
                   "exp": now + 300, "jti": str(len(self.questions)), "access": access}
        signed = b".".join(encoded(json.dumps(part).encode()) for part in (header, payload))
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=signed,
                                   check=True, capture_output=True).stdout
        return (signed + b"." + encoded(signature)).decode()
