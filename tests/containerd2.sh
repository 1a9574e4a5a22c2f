#!/bin/sh
# A containerd 2, for tests/engines/cri2.sh: prints the directory that its programs are in. Debian 12 has 1.6, which asks no
# runtime for its features; Debian unstable's runs here as it is, and is unpacked below /var/cache/hind. Nothing of the system is
# replaced, and apt's own lists and sources stay as they are. Where none can be had, it ends with status 77 and the reason
# on stderr.
#	sh tests/containerd2.sh
set -eu
cache=${HIND_CACHE:-/var/cache/hind}/containerd2

give_up()
{
	echo "containerd 2: $*" >&2
	exit 77
}

works() # DIR
{
	"$1/containerd" --version 2>>"$cache.log" | grep -q ' v\{0,1\}2\.' && [ -x "$1/containerd-shim-runc-v2" ]
}

# apt with lists and status of its own. What apt.conf.d says about the mirror holds here, too.
private_apt() # ARG...
{
	APT_CONFIG=$cache.new/apt.conf apt-get "$@" >>"$cache.log" 2>&1 </dev/null
}

fetch()
{
	command -v apt-get >/dev/null || give_up "there is no apt to get one"
	mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian Debian //p' | head -n 1)
	[ -n "$mirror" ] || give_up "apt knows no mirror of Debian"
	rm -rf "$cache.new"
	mkdir -p "$cache.new/lists/partial" "$cache.new/archives/partial"
	: >"$cache.new/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror unstable main" >"$cache.new/sources.list"
	cat >"$cache.new/apt.conf" <<-END
		Dir::Etc::sourcelist "$cache.new/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::Etc::preferencesparts "-";
		Dir::State "$cache.new";
		Dir::State::lists "$cache.new/lists";
		Dir::State::status "$cache.new/status";
		Dir::Cache "$cache.new";
		APT::Sandbox::User "root";
	END
	private_apt update || give_up "apt cannot reach Debian unstable at $mirror"
	(cd "$cache.new" && private_apt download containerd) || give_up "Debian unstable gives no containerd"
	dpkg-deb --extract "$cache.new"/containerd_*.deb "$cache.new/root" >>"$cache.log" 2>&1 || give_up "cannot unpack it"
	rm -rf "$cache"
	mkdir "$cache"
	mv "$cache.new/root/usr/bin"/* "$cache"
	rm -rf "$cache.new"
}

mkdir -p "$(dirname "$cache")"
exec 9>"$cache.lock"
flock 9
[ -x "$cache/containerd" ] || fetch
works "$cache" || give_up "it does not run here: $(tail -n 1 "$cache.log")"
echo "$cache"
