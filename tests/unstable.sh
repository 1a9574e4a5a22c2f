# Programs from Debian unstable, for tests/{criu,containerd2,newer_jq,newest_peers}.sh and tests/validation/source.sh. Whoever
# sources this has set
#	what	the name that errors begin with
#	cache	where the programs are kept; $cache.new while they are fetched, $cache.log for what was said meanwhile
# They are unpacked below that: nothing of the system is replaced, and apt's own lists and sources stay as they are.

# Ends with the status that says "none can be had here".
give_up() # REASON...
{
	echo "$what: $*" >&2
	exit 77
}

# One at a time, because tests run side by side.
lock()
{
	mkdir -p "$(dirname "$cache")"
	exec 9>"$cache.lock"
	flock 9
}

# apt with lists, archives and status of its own. What apt.conf.d says about the mirror holds here, too.
private_apt() # TOOL ARG...
{
	APT_CONFIG=$cache.new/apt.conf "$@" 2>>"$cache.log" </dev/null
}

configure_apt() # TYPE MIRROR: deb or deb-src
{
	mkdir -p "$cache.new/lists/partial" "$cache.new/archives/partial"
	: >"$cache.new/status"
	echo "$1 [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $2 unstable main" >"$cache.new/sources.list"
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

# Makes $cache.new, and apt's lists of unstable in it.
begin() # TYPE: deb or deb-src
{
	command -v apt-get >/dev/null || give_up "there is no apt to get it"
	mirror=$(apt-get indextargets --format '$(ORIGIN) $(LABEL) $(REPO_URI)' 'Created-By: Packages' |
		sed -n 's/^Debian Debian //p' | head -n 1)
	[ -n "$mirror" ] || give_up "apt knows no mirror of Debian"
	rm -rf "$cache.new"
	configure_apt "$1" "$mirror"
	private_apt apt-get update >>"$cache.log" || give_up "apt cannot reach Debian unstable at $mirror"
}

# The packages and all that they depend on, unpacked into $cache.new/root.
unpack() # PACKAGE...
{
	begin deb
	private_apt apt-get install -y --download-only "$@" >>"$cache.log" || give_up "Debian unstable gives no $*"
	for package in "$cache.new"/archives/*.deb; do
		dpkg-deb --extract "$package" "$cache.new/root" >>"$cache.log" 2>&1 || give_up "cannot unpack $package"
	done
}

# Makes programs of $cache.new/root run with the libraries, the C library and its loader that came along, since the system's are
# older; they go to $cache.new. A run path instead of LD_LIBRARY_PATH, which the programs that they start would inherit.
relocate() # PROGRAM...
{
	for tool in patchelf gcc; do
		command -v $tool >/dev/null || give_up "$tool is not installed"
	done
	libraries=$cache.new/root/usr/lib/$(gcc -print-multiarch)
	loader=$(find "$libraries" -name 'ld-linux*' | head -n 1)
	[ -n "$loader" ] || give_up "no loader among the libraries of Debian unstable"
	for program in "$@"; do
		patchelf --set-interpreter "$cache/root${loader#"$cache.new/root"}" --force-rpath \
			--set-rpath "$cache/root${libraries#"$cache.new/root"}" "$cache.new/root/$program" >>"$cache.log" 2>&1 ||
			give_up "patchelf failed"
		mv "$cache.new/root/$program" "$cache.new"
	done
}

# What was fetched becomes what is kept.
keep()
{
	rm -rf "$cache" "$cache.new/lists" "$cache.new/archives" "$cache.new"/*.bin "$cache.new/root/usr/share"
	mv "$cache.new" "$cache"
}
