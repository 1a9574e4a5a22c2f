# CVE-2025-31133 (youki: CVE-2025-62161): the container's /dev/null was bound over masked files. As a link to a file of /proc it
# gave the container that file to write to. HIND_ROUNDS: how often (100).
# timeout: 600
# covers: mask

setup()
{
	bundle_new b
	echo secret > b/rootfs/etc/secret
	mkdir dev
	mknod -m 666 dev/null c 1 3
	config ".mounts=[{destination:\"/dev\",type:\"bind\",source:\"$PWD/dev\",options:[\"bind\"]}]+
		(.mounts|map(select(.destination|startswith(\"/dev\")|not)))" '.linux.maskedPaths=["/etc/secret","/proc/keys"]' \
		'.linux.readonlyPaths=[]'
	args sh -c 'cat /etc/secret; stat -c %t:%T /etc/secret /proc/keys; grep -E " (/etc/secret|/proc/keys) " /proc/self/mountinfo | cut -d" " -f4'
}

check()
{
	expect_eq "1:3
1:3
/null
/null" "$OUTPUT" "$1"
}

test_null_of_the_container_is_not_used()
{
	for fake in link file device; do
		rm dev/null
		case $fake in
		link) ln -s /proc/sys/kernel/core_pattern dev/null ;;
		file) echo fake > dev/null ;;
		device) mknod dev/null c 1 5 ;;
		esac
		expect_status 0 run
		check "$fake"
	done
}

test_exchanged_while_it_is_bound()
{
	ln -s /proc/sys/kernel/core_pattern dev/link
	before=$(cat /proc/sys/kernel/core_pattern)
	"$(dirname "$PAYLOAD")/racer" dev/null dev/link &
	racer=$!
	round=0
	while [ "$round" -lt "${HIND_ROUNDS:-100}" ]; do
		expect_status 0 run
		check "round $round"
		round=$((round + 1))
	done
	kill "$racer"
	wait "$racer" || :
	expect_eq "$before" "$(cat /proc/sys/kernel/core_pattern)"
}

# Also not where the host's own is none: then there is an error, and no mask that does not mask.
test_wrong_null_of_the_host()
{
	mkdir hostdev
	mknod hostdev/null c 1 5
	mount --bind hostdev/null /dev/null
	id_new
	capture hind run --bundle "$BUNDLE" "$ID"
	umount /dev/null
	expect_eq 1 "$STATUS" status
	expect_match "the host's /dev/null is not the character device 1:3" "$ERROR"
}
