# tests/run/exe.sh: which file the processes of hind run from while the container could look at them

created_exe() # HIND: the executable of an init that waits for `start`, in $EXE
{
	id_new
	"$1" --root "$HIND_ROOT" create --bundle "$BUNDLE" "$ID" > container.log 2>&1 < /dev/null || fail "create: $(cat container.log)"
	EXE=$(readlink "/proc/$(pid_of "$ID")/exe")
}

test_is_not_the_file_that_was_called()
{
	need_root 'it is called by root here'
	bundle_new b
	created_exe "$HIND"
	expect_match '^/hind$|^/memfd:hind' "$EXE"
}

# As in a container with a read-only root, where the engine's user can still write to the upper layer.
test_read_only_overlay_of_others_does_not_count()
{
	need_root 'it is called by root here'
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

# What lowerdir= would take for a separator: then it is a copy in memory.
test_from_a_place_that_no_overlay_can_name()
{
	need_root 'it is called by root here'
	bundle_new b
	mkdir 'a:b' 'c,d'
	for dir in 'a:b' 'c,d'; do
		cp "$HIND" "$dir/hind"
		created_exe "$PWD/$dir/hind"
		expect_match '^/memfd:hind' "$EXE" "$dir"
		hind delete --force "$ID"
	done
}

# A word of an option, or of a container's program, may be that of a command.
test_words_that_are_commands_elsewhere()
{
	bundle_new b
	args sleep 1000
	create
	expect_status 0 hind --log exec start "$ID"
	expect_status 0 hind exec "$ID" sh -c 'echo $*' sh run --root /nowhere
	expect_eq 'run --root /nowhere' "$OUTPUT"
	expect_status 0 hind --log run state "$ID"
	expect_match '"running"' "$OUTPUT"
}
