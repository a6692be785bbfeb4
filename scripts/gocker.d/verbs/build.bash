# shellcheck shell=bash
# gocker build: build an image from a Dockerfile
#
#   gocker build [OPTION]... DIR
#
# DIR is the context, where COPY and ADD find files; DIR/Dockerfile (or DIR/Containerfile) says what
# is done. Steps that are done already are taken from the cache. Prints the image's digest; all else
# goes to stderr.
#
#   -t, --tag NAME[:TAG]   what the image is called; may be given several times
#   -f, --file FILE        another Dockerfile; - reads it from standard input
#   --build-arg NAME[=VALUE]
#                          the value of an ARG; NAME alone takes the value it has here
#   --target STAGE         stop after this stage
#   --label NAME=VALUE     a label of the image
#   --platform OS/ARCH     which images FROM takes
#   --network none|host    the network of RUN (default: host)
#   --pull                 ask the registry for newer base images
#   --no-cache             do every step anew
#   -q, --quiet            nothing on stderr unless the build fails
#   --progress auto|plain  how progress is shown; both are a line a step

if ((!$#)); then die "build: which directory? gocker help build tells more"; fi
exec "${gocker_image[@]}" build "$@"
