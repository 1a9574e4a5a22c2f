#!/bin/sh
# A criu that works on this machine's kernel, for tests/run/checkpoint.sh: prints the directory that it is in. Where none can be
# had, it ends with status 77 and the reason on stderr.
#
# An installed criu is taken when `criu check` is content with the kernel. Debian 12's 3.17 is not with Linux 6.x (it knows
# neither rseq's nor the vdso's shape there), so Debian unstable's is unpacked, with its own libraries beside it, below
# /var/cache/hind: nothing of the system is replaced, and apt's own lists and sources stay as they are.
#	sh tests/criu.sh
set -eu
cache=${HIND_CACHE:-/var/cache/hind}/criu

give_up()
{
	echo "criu: $*" >&2
	exit 77
}

works() # CRIU
{
	"$1" check >"$cache.log" 2>&1
}

# apt with lists, archives and status of its own. What apt.conf.d says about the mirror holds here, too.
private_apt() # COMMAND...
{
	APT_CONFIG=$cache.new/apt.conf "$@" >>"$cache.log" 2>&1 </dev/null
}

mirror()
{
	apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian Debian //p' | head -1
}

configure_apt() # MIRROR
{
	mkdir -p "$cache.new/lists/partial" "$cache.new/archives/partial"
	: >"$cache.new/status"
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $1 unstable main" >"$cache.new/sources.list"
	cat >"$cache.new/apt.conf" <<-END
		Dir::Etc::sourcelist "$cache.new/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::Etc::preferencesparts "-";
		Dir::State "$cache.new";
		Dir::State::lists "$cache.new/lists";
		Dir::State::status "$cache.new/status";
		Dir::Cache "$cache.new";
		Dir::Cache::archives "$cache.new/archives";
		APT::Install-Recommends "false";
		APT::Sandbox::User "root";
	END
}

# Everything that it was linked with comes along, the C library and its loader too: those of the system are older. A run path
# instead of LD_LIBRARY_PATH, which the programs that criu calls (tar, iptables-restore) would inherit.
unpack()
{
	for package in "$cache.new"/archives/*.deb; do
		dpkg-deb --extract "$package" "$cache.new/root" >>"$cache.log" 2>&1 || give_up "cannot unpack $package"
	done
	libraries=$cache.new/root/usr/lib/$(gcc -print-multiarch)
	loader=$(find "$libraries" -name 'ld-linux*' | head -1)
	[ -n "$loader" ] || give_up "no loader among the libraries of Debian unstable"
	mv "$cache.new/root/usr/sbin/criu" "$cache.new/criu"
	patchelf --set-interpreter "$cache/root${loader#"$cache.new/root"}" --force-rpath \
		--set-rpath "$cache/root${libraries#"$cache.new/root"}" "$cache.new/criu" >>"$cache.log" 2>&1 ||
		give_up "patchelf failed"
	rm -rf "$cache.new/lists" "$cache.new/archives" "$cache.new"/*.bin "$cache.new/root/usr/share"
}

fetch()
{
	command -v apt-get >/dev/null || give_up "the installed one does not work here, and there is no apt to get another"
	for tool in patchelf dpkg-deb gcc; do
		command -v $tool >/dev/null || give_up "$tool is not installed"
	done
	from=$(mirror)
	[ -n "$from" ] || give_up "apt knows no mirror of Debian"
	rm -rf "$cache.new"
	configure_apt "$from"
	private_apt apt-get update || give_up "apt cannot reach Debian unstable at $from"
	private_apt apt-get install -y --no-install-recommends --download-only criu || give_up "Debian unstable gives no criu"
	unpack
	rm -rf "$cache"
	mv "$cache.new" "$cache"
}

mkdir -p "$(dirname "$cache")"
exec 9>"$cache.lock"
flock 9
if installed=$(command -v criu) && works "$installed"; then
	dirname "$installed"
	exit 0
fi
[ -x "$cache/criu" ] || fetch
works "$cache/criu" || give_up "criu check says: $(grep -m 1 -i error "$cache.log" || tail -1 "$cache.log")"
echo "$cache"
