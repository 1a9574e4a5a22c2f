#!/bin/sh
# The source of the OCI runtime-tools with its validation programs: prints the directory that it is in. Debian's package of it
# leaves out these programs; its source package has them, and is unpacked below /var/cache/hind. apt's own lists and sources stay
# as they are. Where none can be had, it ends with status 77 and the reason on stderr.
#	sh tests/validation/source.sh [DIR]	DIR: where somebody has put it
set -eu
cache=${HIND_CACHE:-/var/cache/hind}/runtime-tools
packaged=/usr/share/gocode/src/github.com/opencontainers/runtime-tools
name=golang-github-opencontainers-runtime-tools

give_up()
{
	echo "runtime-tools: $*" >&2
	exit 77
}

has_all() # DIR
{
	[ -d "$1/validation/util" ] && [ -d "$1/cmd/runtimetest" ] && [ -e "$1/rootfs-amd64.tar.gz" ]
}

# apt with lists and status of its own. What apt.conf.d says about the mirror holds here, too.
private_apt() # TOOL ARG...
{
	APT_CONFIG=$cache.new/apt.conf "$@" 2>>"$cache.log" </dev/null
}

# Its signature file is not asked for: what apt knows of the archive has the tarball's checksum, too.
fetch()
{
	command -v apt-get >/dev/null || give_up "there is no apt to get the source"
	mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian Debian //p' | head -n 1)
	[ -n "$mirror" ] || give_up "apt knows no mirror of Debian"
	rm -rf "$cache.new"
	mkdir -p "$cache.new/lists/partial" "$cache.new/archives/partial" "$cache.new/source"
	: >"$cache.new/status"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror unstable main" >"$cache.new/sources.list"
	cat >"$cache.new/apt.conf" <<-END
		Dir::Etc::sourcelist "$cache.new/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::State "$cache.new";
		Dir::State::lists "$cache.new/lists";
		Dir::State::status "$cache.new/status";
		Dir::Cache "$cache.new";
		APT::Sandbox::User "root";
	END
	private_apt apt-get update >>"$cache.log" || give_up "apt cannot reach Debian unstable at $mirror"
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
mkdir -p "$(dirname "$cache")"
exec 9>"$cache.lock"
flock 9
[ -e "$cache" ] || fetch
has_all "$cache" || give_up "Debian's source package has no validation/ with its util, cmd/runtimetest and rootfs-amd64.tar.gz"
echo "$cache"
