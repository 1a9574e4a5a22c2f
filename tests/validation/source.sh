#!/bin/sh
# The source of the OCI runtime-tools with its validation programs: prints the directory that it is in. Debian's package of it
# leaves out these programs; its source package has them, and is unpacked below /var/cache/hind. apt's own lists and sources stay
# as they are. Where none can be had, it ends with status 77 and the reason on stderr.
#	sh tests/validation/source.sh [DIR]	DIR: where somebody has put it
set -eu
what=runtime-tools
cache=${HIND_CACHE:-/var/cache/hind}/runtime-tools
packaged=/usr/share/gocode/src/github.com/opencontainers/runtime-tools
name=golang-github-opencontainers-runtime-tools
. "$(dirname "$0")/../unstable.sh"

has_all() # DIR
{
	[ -d "$1/validation/util" ] && [ -d "$1/cmd/runtimetest" ] && [ -e "$1/rootfs-amd64.tar.gz" ]
}

# Its signature file is not asked for: what apt knows of the archive has the tarball's checksum, too.
fetch()
{
	begin deb-src
	mkdir "$cache.new/source"
	(cd "$cache.new" && private_apt apt-get source --download-only --tar-only "$name" >>"$cache.log") ||
		give_up "$packaged has no validation/, and Debian's source package cannot be had: $(tail -n 1 "$cache.log")"
	tarball=$(find "$cache.new" -maxdepth 1 -name '*.orig.tar.*')
	private_apt apt-cache showsrc "$name" | grep -q "$(sha256sum "$tarball" | cut -d ' ' -f 1)" ||
		give_up "$tarball is not what Debian's list says"
	tar -C "$cache.new/source" --strip-components=1 -xf "$tarball"
	rm -rf "$cache"
	mv "$cache.new/source" "$cache"
	rm -rf "$cache.new"
}

if [ $# -gt 0 ]; then
	has_all "$1" || give_up "$1 has no validation/ with its util, cmd/runtimetest and rootfs-amd64.tar.gz"
	realpath "$1"
	exit
fi
if has_all "$packaged"; then
	echo "$packaged"
	exit
fi
lock
[ -e "$cache" ] || fetch
has_all "$cache" || give_up "Debian's source package has no validation/ with its util, cmd/runtimetest and rootfs-amd64.tar.gz"
echo "$cache"
