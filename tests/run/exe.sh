# tests/run/exe.sh: which file the processes of hind run from while the container could look at them

created_exe() # HIND: the executable of an init that waits for `start`, in $EXE
{
	id_new
	"$1" --root "$HIND_ROOT" create --bundle "$BUNDLE" "$ID" > container.log 2>&1 < /dev/null || fail "create: $(cat container.log)"
	EXE=$(readlink "/proc/$(pid_of "$ID")/exe")
}

test_is_not_the_file_that_was_called()
{
	bundle_new b
	created_exe "$HIND"
	expect_match '^/hind$|^/memfd:hind' "$EXE"
}

# As in a container with a read-only root, where the engine's user can still write to the upper layer.
test_read_only_overlay_of_others_does_not_count()
{
	bundle_new b
	mkdir lower upper work merged
	mount -t tmpfs none lower
	mkdir lower/layers lower/layers/upper lower/layers/work lower/bin
	cp "$HIND" lower/bin/hind
	mount -t overlay -o "lowerdir=$PWD/lower/bin,upperdir=$PWD/lower/layers/upper,workdir=$PWD/lower/layers/work" none merged
	mount -o remount,ro none merged
	created_exe "$PWD/merged/hind"
	expect_no_match '/merged/' "$EXE"
	hind delete --force "$ID"
	umount merged lower
}
