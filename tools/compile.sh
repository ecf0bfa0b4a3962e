#!/bin/sh
# compile.sh COMPILER ARGUMENT...: runs the compiler through ccache, or by itself where ccache is not installed. CMake
# puts it before each compilation (cmake/compile_options.cmake); the current folder is the build folder.
#
# Each compiler has a cache of its own, of at most 4 GB, below $CCACHE_DIR, else below ~/.cache/pando/ccache. Clones in other
# folders share it: base_dir and nohashdir take the clone's own folder out of what is compared. The results of a build
# are appended to ccache.log in the build folder, where ./dev counts them.
#
# ccache knows a precompiled header by the checksum that is written beside it. It would otherwise read the whole header,
# over 100 MB, for each unit that includes it.
compiler=$1 output= checks= previous=
for word; do
  shift
  # ccache makes paths relative to the build folder, but not those of precompiled headers.
  set -- "$@" "${word#"$PWD/"}"
  [ "$word" = -fsyntax-only ] && checks=1
  [ "$previous" = -o ] && output=$word
  previous=$word
done

if command -v ccache >/dev/null; then
  caches=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/pando/ccache}
  export CCACHE_DIR="$caches/${compiler##*/}" CCACHE_MAXSIZE=4G CCACHE_BASEDIR="${0%/tools/*}" CCACHE_NOHASHDIR=1
  export CCACHE_SLOPPINESS=pch_defines,time_macros CCACHE_PCH_EXTSUM=1 CCACHE_STATSLOG=ccache.log
  # ccache does not see comments and macros of a precompiled header change, and clang refuses one that is older than they.
  case $output in *.gch | *.pch) export CCACHE_EXTRAFILES="$(echo "${0%/tools/*}"/cmake/*_pch.h | tr ' ' :)" ;; esac
  set -- ccache "$@"
fi
case $checks$output in
  *.gch | *.pch) "$@" && b2sum <"$output" >"$output.sum" ;;
  1*) "$@" && : >"$output" ;;  # the compiler makes no object, and ninja waits for one
  *) exec "$@" ;;
esac
