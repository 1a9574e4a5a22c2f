#!/bin/sh
# The package of contrib/debian: built as its README says, of what is in the repository, unpacked beside, and used from there.
# Prints `ok`, `not ok` and `skip` lines. As root.
#	tests/package.sh
set -u
export LC_ALL=C
top=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/hind-package.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
status=0

check() # NAME CMD...
{
	name=$1
	shift
	if "$@" > "$work/said" 2>&1; then
		echo "ok package: $name"
	else
		echo "not ok package: $name - $(tail -n 3 "$work/said" | tr '\n' ';')"
		status=1
	fi
}

command -v dh > "$work/said" || {
	echo 'skip package - debhelper is not installed'
	exit 0
}

build()
{
	mkdir "$work/source" &&
		git -c safe.directory='*' -C "$top" ls-files -co --exclude-standard -z > "$work/files" &&
		tar -C "$top" --null -T "$work/files" -cf - | tar -C "$work/source" -xf - &&
		cd "$work/source" && cp -a contrib/debian debian && dpkg-checkbuilddeps && dpkg-buildpackage -b -us -uc &&
		dpkg-deb -x "$work"/hind_*.deb "$work/root"
}

has() # FILE... below the package's root
{
	for file; do
		[ -s "$work/root/$file" ] || { echo "no $file"; return 1; }
	done
}

same_version() # as meson.build has, in the program and in the package
{
	version=$(sed -n "s|^project('hind'.* version: '\([^']*\)'.*|\1|p" "$top/meson.build")
	echo "version $version: $("$work/root/usr/bin/hind" --version | head -n 1), $(ls "$work"/hind_*.deb)"
	"$work/root/usr/bin/hind" --version | head -n 1 | grep -qwF "$version" && [ -e "$work/hind_${version}_$(dpkg --print-architecture).deb" ]
}

is_static()
{
	file=$work/root/usr/bin/hind
	ldd "$file" 2>&1 | grep -q 'not a dynamic executable\|statically linked'
}

runs()
{
	[ "$("$work/root/usr/bin/hind" --root "$work/state" run NOIMG sh -c 'echo $$')" = 1 ]
}

check 'builds as its README says' build
[ "$status" -eq 0 ] || exit 1
check 'has the program, its manual page, completions and examples' has usr/bin/hind usr/share/man/man1/hind.1.gz \
	usr/share/bash-completion/completions/hind usr/share/zsh/vendor-completions/_hind usr/share/fish/vendor_completions.d/hind.fish \
	usr/share/doc/hind/README.md.gz usr/share/doc/hind/copyright usr/share/doc/hind/examples/docker/daemon.json
check 'is of one version' same_version
check 'is linked statically' is_static
check 'runs a container' runs
exit $status
