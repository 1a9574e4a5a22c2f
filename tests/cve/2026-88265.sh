# CVE-2026-88265 (crun): without a mount on /dev, a /dev/null of the image that is a link was followed, and the host's file got
# the container user as its owner.
# covers: device

setup()
{
	mkdir host
	echo secret > host/shadow
	chmod 600 host/shadow
	bundle_new b '.mounts|=map(select(.destination|startswith("/dev")|not))' '.process.user={uid:1000,gid:1000}' \
		'.root.readonly=false'
	args true
}

host_is_untouched()
{
	expect_eq '0 0 600 regular file' "$(stat -c '%u %g %a %F' host/shadow)" "$1: file of the host"
	expect_eq secret "$(cat host/shadow)" "$1: file of the host"
	expect_eq shadow "$(ls -A host)" "$1: names on the host"
}

test_null_is_a_link()
{
	cp host/shadow b/rootfs/etc/shadow
	chmod 600 b/rootfs/etc/shadow
	for target in "$PWD/host/shadow" ../../../host/shadow "../../../../../../../../../..$PWD/host/shadow" /etc/shadow "$PWD/host/new"; do
		for readonly in true false; do
			config ".root.readonly=$readonly"
			ln -sfn "$target" b/rootfs/dev/null
			expect_error 'device /dev/null: the root file system has something else there \(a symbolic link\)' run
			host_is_untouched "$target"
			expect_eq '0 600' "$(stat -c '%u %a' b/rootfs/etc/shadow)" "$target: file of the image"
		done
	done
}

test_every_default_device_may_be_a_link()
{
	for name in null zero full random urandom tty; do
		ln -s "$PWD/host/shadow" "b/rootfs/dev/$name"
		expect_error "device /dev/$name: .*symbolic link" run
		host_is_untouched "$name"
		rm "b/rootfs/dev/$name"
	done
}

# A configured device with an owner: the owner goes to the device that was made, whatever has its name by then. strace(1) holds
# hind back just before, or the racer would hardly ever be in time.
test_owner_of_a_device_that_is_exchanged()
{
	mkdir vol
	config ".mounts+=[{destination:\"/vol\",type:\"bind\",source:\"$PWD/vol\",options:[\"bind\"]}]" \
		'.linux.devices=[{path:"/vol/node",type:"c",major:1,minor:3,uid:1000,gid:1000}]'
	ln -s "$PWD/host/shadow" link
	"$(dirname "$PAYLOAD")/racer" vol/node link &
	racer=$!
	round=0
	started=0
	: > trace
	# The racer decides how far each round comes: some must come as far as the owner, some to the end.
	while [ "$round" -lt 20 ] || { [ "$round" -lt 300 ] && { [ "$started" -eq 0 ] || ! grep -q fchownat trace; }; }; do
		rm -f vol/node link
		ln -s "$PWD/host/shadow" link
		id_new
		capture hind_by strace -f -qq -e trace=fchownat -e signal=none -e inject=fchownat:delay_enter=20000 -A -o trace -- \
			run --bundle "$BUNDLE" "$ID"
		[ "$STATUS" -ne 0 ] || started=$((started + 1))
		host_is_untouched "round $round"
		round=$((round + 1))
	done
	kill "$racer"
	wait "$racer" || :
	grep -q fchownat trace || fail "no owner was set: $ERROR"
	[ "$started" -gt 0 ] || fail "no container started: $ERROR"
}
