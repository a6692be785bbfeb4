"""Registries that break off, send something else, or send the client elsewhere."""

import time

import support  # noqa: F401
import images
from case import Case, CASES, names, refused
from fake_registry import half, redirect, status

NETWORK = "Registries"


def big_image(_):
    return images.make_image([images.tar_of({"small": b"x"}), images.random_layer("big", 600_000)])


def survives(name, fault):
    """The transfer is tried again: it ends well in spite of `fault`(registry, image)."""
    CASES.append(Case(NETWORK, name, big_image, look=names("big", "small"),
                      serve=lambda registry, image, reference: fault(registry, image)))


def on_layer(registry, image, function, times=None):
    registry.fault(f"blobs/{image.layers[1]}", function, times=times)


survives("a reset half way, once",
         lambda registry, image: on_layer(registry, image, half(registry, lambda r: r.reset()), times=1))
survives("a reset half way, and no ranges",
         lambda registry, image: (on_layer(registry, image, half(registry, lambda r: r.reset(), ranges=False), times=1),
                                  on_layer(registry, image, lambda r, _: registry.serve(r, ranges=False) or True)))
survives("two answers 503",
         lambda registry, image: on_layer(registry, image, status(503, headers={"Retry-After": "0"}), times=2))
survives("429 with Retry-After",
         lambda registry, image: on_layer(registry, image, status(429, headers={"Retry-After": "1"}), times=1))


def close(request):
    request.close_connection = True


def trickle(request, _):
    """A few bytes at a time, for a second in all."""
    _, body = request.server.registry.documents[request.path[len("/v2/"):]]
    request.send_response(200)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    for start in range(0, len(body), len(body) // 20):
        request.wfile.write(body[start:start + len(body) // 20])
        time.sleep(0.05)
    return True


survives("a slow one", lambda registry, image: on_layer(registry, image, trickle))


def fails(name, says, fault):
    refused(NETWORK, name, says, serve=lambda registry, image, reference: fault(registry, image))(big_image)


fails("always a reset half way", "",
      lambda registry, image: on_layer(registry, image, half(registry, lambda r: r.reset(), ranges=False)))
fails("always less than it says", "",
      lambda registry, image: on_layer(registry, image, half(registry, close, ranges=False)))
fails("no such layer", "404", lambda registry, image: on_layer(registry, image, status(404)))
fails("redirects without end", "redirected too often",
      lambda registry, image: on_layer(registry, image, redirect(f"http://{registry.host}")))
fails("a redirect to file:///etc/passwd", "which is no web address",
      lambda registry, image: on_layer(registry, image, lambda r, _: r.answer(
          307, b"", {"Location": "file:///etc/passwd"})))
fails("another range than was asked for", "",
      lambda registry, image: (on_layer(registry, image, half(registry, lambda r: r.reset()), times=1),
                               on_layer(registry, image, wrong_range)))


def wrong_range(request, _):
    _, body = request.server.registry.documents[request.path[len("/v2/"):]]
    request.answer(206, body[5:], {"Content-Range": f"bytes 5-{len(body) - 1}/{len(body)}"})
    return True
