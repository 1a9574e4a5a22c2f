# CVE-2025-23266 (and 2025-23267, 2024-0132): a hook of the host ran with what the image said: its environment, so LD_PRELOAD, and
# its working directory.
# covers: hooks

hook() # NAME...: each leaves its environment and its directory in files
{
	for _name; do
		printf '#!/bin/sh\ncat /proc/$$/environ > %s/%s.env\npwd -P > %s/%s.cwd\nls /proc/$$/fd > %s/%s.fds\ncat > %s/%s.stdin\n' \
			"$PWD" "$_name" "$PWD" "$_name" "$PWD" "$_name" "$PWD" "$_name" > "$_name"
		chmod 755 "$_name"
		config ".hooks.$_name=[{path:\"$PWD/$_name\"}]"
	done
}

test_hooks_get_their_own_environment_alone()
{
	bundle_new b '.process.env+=["LD_PRELOAD=/evil.so","LD_LIBRARY_PATH=/evil","BASH_ENV=/evil","MARK=image"]' '.process.cwd="/tmp"' \
		'.annotations={"LD_PRELOAD":"/evil.so"}'
	hook prestart createRuntime createContainer poststart poststop
	config '.hooks.createRuntime[0].env=["ONLY=this"]'
	args true
	id_new
	expect_status 0 hind_by env MARK=caller LD_DEBUG_OUTPUT=caller -- run --bundle "$BUNDLE" "$ID"
	for name in prestart createContainer poststart poststop; do
		expect_eq '' "$(tr '\0' ' ' < $name.env)" "environment of $name"
	done
	expect_eq 'ONLY=this ' "$(tr '\0' ' ' < createRuntime.env)"
	for name in prestart createRuntime createContainer poststart poststop; do
		expect_no_match "^$PWD/b/rootfs" "$(cat $name.cwd)" "directory of $name"
		expect_match '"id" *: *"' "$(cat $name.stdin)" "state for $name"
		# The shell itself keeps the script, and its standard input from before a redirection, at 10 and 11.
		expect_no_match '^([3-9]|1[2-9]|[2-9][0-9])$' "$(cat $name.fds)" "descriptors of $name"
	done
}

# The program of the image must not be what runs, whatever it is called.
test_paths_of_hooks_are_the_hosts()
{
	bundle_new b
	hook createRuntime createContainer
	mkdir -p "b/rootfs/$PWD"
	printf '#!/bin/sh\necho image > /evil\n' > "b/rootfs/$PWD/createContainer"
	chmod 755 "b/rootfs/$PWD/createContainer"
	args true
	expect_status 0 run
	[ -s createContainer.stdin ] || fail 'the hook of the host did not run'
	[ ! -e b/rootfs/evil ] || fail "the image's program ran"
}
