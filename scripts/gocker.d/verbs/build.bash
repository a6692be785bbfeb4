# shellcheck shell=bash
# gocker build: build an image from a Dockerfile
#
#   gocker build [OPTION]... DIR
#
# DIR is the context, where COPY and ADD find files; DIR/Dockerfile (or DIR/Containerfile) says what
# is done. Steps that are done already are taken from the cache. Prints the image's digest; all else
# goes to stderr.

if ((!$#)); then die "build: which directory? gocker help build tells more"; fi
become_image build "$@"
