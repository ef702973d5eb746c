#!/usr/bin/env bats
# Items are data, also where a task has several: whatever they are, and wherever they stand in a
# command or a script, they arrive byte for byte, and no shell reads them as code.
load common

# pair_up: evil items in two files, each with a partner; side by side in two more, as items and as
# columns; and what must come out of all that
pair_up() {
	local i n=${#evil[@]}

	for ((i = 0; i < n; i++)); do
		left+=("${evil[i]}") right+=("${evil[(i * 3 + 7) % n]}")
	done
	write_pairs
}

# pair_plain: without those that columns would change, which have no blanks at their ends
pair_plain() {
	local item plain=() i

	for item in "${evil[@]}"; do
		[[ $item == *$'\t'* || $item != "${item#[[:space:]]}" || $item != "${item%[[:space:]]}" ]] ||
		    plain+=("$item")
	done
	for ((i = 0; i < ${#plain[@]}; i++)); do
		left+=("${plain[i]}") right+=("${plain[(i * 3 + 7) % ${#plain[@]}]}")
	done
	write_pairs
}

write_pairs() {
	local i

	printf '%s\0' "${left[@]}" >left
	printf '%s\0' "${right[@]}" >right
	for ((i = 0; i < ${#left[@]}; i++)); do
		printf '%s\0%s\0' "${left[i]}" "${right[i]}" >>both
		printf '%s\37%s\0' "${left[i]}" "${right[i]}" >>columns
		printf '%s|%s\n' "${left[i]}" "${right[i]}" >>want
	done
	[ -s want ]
}

# arrives ARG...: covey prints the pairs, and nothing else has happened
arrives() {
	"$COVEY" -k -0 "$@" >out 2>err </dev/null || { echo "exit $?: $*"; cat err; return 1; }
	cmp want out || { echo "changed by: $*"; diff -a want out | head -20; return 1; }
	[ ! -s err ] || { cat err; return 1; }
	unharmed "$*"
}

# Each prints its two items with a bar in between.
scripts=(
	'printf "%s|%s\n" {1} {2}'
	'printf "%s|%s\n" "{1}" "{2}"'
	"printf '%s|%s\n' '{1}' '{2}'"
	'printf "%s\n" "{1}|{2}"'
	"printf '%s\n' '{1}|{2}'"
	"printf '%s\n' {1}'|'\"{2}\""
	'printf "%s|%s\n" "$1" "$2"'
	'printf "%s|%s\n" "$@"'
	'printf "%s|%s\n" {}'
	'x={1} y={2}; printf "%s|%s\n" "$x" "$y"'
	'x="{1}|{2}"; printf "%s\n" "$x"'
	'set -- {2} {1}; printf "%s|%s\n" "$2" "$1"'
	'f() { printf "%s|%s\n" "$1" "$2"; }; f {1} {2}'
	'x="$(printf "%s|" {1} {2})"; printf "%s\n" "${x%|}"'
	"x=\$(printf '%s|' \"{1}\" '{2}'); printf '%s\n' \"\${x%|}\""
	'x=`printf "%s|" {1} {2}`; printf "%s\n" "${x%|}"'
	"x=\"\`printf '%s|' '{1}' \"{2}\"\`\"; printf '%s\n' \"\${x%|}\""
	'x="$(printf "%s." "$(printf "%s|%s." {1} "{2}")")"; printf "%s\n" "${x%..}"'
	$'cat <<END\n{1}|{2}\nEND'
	$'cat <<-END\n\t{1}|{2}\n\tEND'
	$'x=$(cat <<END\n{1}|{2}.\nEND\n); printf "%s\\n" "${x%.}"'
	'case {1} in "{1}") printf "%s|%s\n" {1} {2};; *) echo no;; esac'
	'if [ x{1} = "x{1}" ]; then printf "%s|%s\n" {1} {2}; fi'
	'for x in {1}; do for y in {2}; do printf "%s|%s\n" "$x" "$y"; done; done'
	'x={1}{2}; printf "%s|%s\n" {1} "${x#{1}}"'
	'printf "%s|%s\n" "${nosuch:-{1}}" "${HOME:+{2}}"'
	"sh -c 'printf \"%s|%s\n\" \"\$1\" \"\$2\"' sh {1} {2}"
	'{ (printf "%s|" {1}); printf "%s\n" {2}; } | cat # {1} {2}'
	'printf "%s|%s\n" {1} {2} >{#}.out; cat {#}.out'
	'echo $((1 + 1)) {1} >/dev/null; printf "%s|%s\n" {1} {2}'
)

@test "scripts, with linked sources" {
	pair_up
	for script in "${scripts[@]}"; do
		arrives -c "$script" :::: left ::::+ right
	done
}

@test "scripts, with several items of one source" {
	pair_up
	for ((i = 0; i < ${#scripts[@]}; i += 3)); do
		arrives -n2 -c "${scripts[i]}" :::: both
	done
}

@test "scripts, with all items in one word, and each in its own" {
	pair_up
	mv want bars
	for ((i = 0; i < ${#left[@]}; i++)); do
		printf '%s %s\n' "${left[i]}" "${right[i]}"
	done >want
	for script in 'printf "%s\n" "{}"' "printf '%s\n' '{}'" 'x={}; printf "%s\n" "$x"' \
	    $'cat <<END\n{}\nEND' 'x="$(printf "%s." "{}")"; printf "%s\n" "${x%.}"'; do
		arrives -c "$script" :::: left ::::+ right
	done
	mv bars want
	for script in 'for x in {}; do printf "%s|" "$x"; done | sed "\$s/|\$//"; echo' \
	    'if :; then printf "%s|%s\n" {}; fi | cat' \
	    "sh -c 'printf \"%s|%s\n\" \"\$@\"' sh {}" 'env printf "%s|%s\n" {}'; do
		arrives -c "$script" :::: left ::::+ right
	done
}

@test "scripts, with columns" {
	pair_plain
	for ((i = 1; i < ${#scripts[@]}; i += 3)); do
		[[ ${scripts[i]} == *'{1'* ]] || continue
		arrives -C '\x1f' -c "${scripts[i]}" :::: columns
	done
}

@test "scripts, with names, of which some would be code" {
	pair_plain
	for names in 'a|b c' '$(touch PWNED)|`touch PWNED`' "'|\"" '; touch PWNED|\'; do
		{ printf '%s\0' "${names%|*}"; cat left; } >named-left
		{ printf '%s\0' "${names#*|}"; cat right; } >named-right
		for ((i = 0; i < ${#scripts[@]}; i += 5)); do
			script=${scripts[i]}
			# a backquote in a name would end the script's own
			[[ $script == *'{1}'* && $script != *'`'* ]] || continue
			script=${script//'{1}'/"{${names%|*}}"}
			arrives --header -c "${script//'{2}'/"{${names#*|}}"}" :::: named-left ::::+ named-right
		done
	done
}

@test "scripts, with every combination" {
	some=('' '$(touch PWNED)' "'; touch PWNED; '" '"; touch PWNED; "' $'a\n' '-n' '*' '\')
	for a in "${some[@]}"; do
		for b in "${some[@]}"; do
			printf '%s|%s\n' "$a" "$b" >>want
		done
	done
	printf '%s\0' "${some[@]}" >left
	for ((i = 2; i < ${#scripts[@]}; i += 6)); do
		arrives -c "${scripts[i]}" :::: left ::: "${some[@]}"
	done
}

@test "commands without a shell" {
	pair_up
	printf '#!/bin/sh\nprintf "%%s|%%s\\n" "$1" "$2"\n' >show
	chmod +x show
	arrives ./show :::: left ::::+ right
	arrives ./show {1} {2} :::: left ::::+ right
	arrives ./show {2} {1} :::: right ::::+ left
	arrives -n2 ./show :::: both
	arrives -n2 ./show {} :::: both
	arrives printf '%s\n' '{1}|{2}' :::: left ::::+ right
	arrives --link ./show ::: "${left[@]}" ::: "${right[@]}"
}

@test "what --dry-run prints does the same when it is pasted" {
	pair_up
	for ((i = 0; i < ${#scripts[@]}; i += 7)); do
		"$COVEY" --dry-run -k -0 -c "${scripts[i]}" :::: left ::::+ right >lines
		bash lines >out </dev/null
		# the number of the task is part of a file's name
		cmp want out || { echo "changed by: ${scripts[i]}"; diff -a want out | head; return 1; }
		unharmed "${scripts[i]}"
	done
}

@test "parts of paths" {
	run -0 --separate-stderr covey \
	    -c 'printf "[%s]" {1/} "{1//}" '"'{1/.}'"' {2.} "$(printf %s. {2/})"' \
	    ::: '$(touch PWNED)/; touch PWNED.`x`' ::: "a'b/\"c d.*"
	same "[; touch PWNED.\`x\`][\$(touch PWNED)][; touch PWNED][a'b/\"c d][\"c d.*.]" "$output"
	same '' "$stderr"
	unharmed 'parts of paths'
}

@test "an item that is not there is empty" {
	run -0 covey -k -n2 -c 'printf "[%s]" {1} {2} "{2}" "x{2}"' ::: a '*' b
	same '[a][*][*][x*][b][][][x]' "$output"
}

# Where an item would be code, a script is refused, whichever of several it is.
@test "scripts that would run an item are refused before anything runs" {
	while IFS= read -r script; do
		printf -v script %b "$script"
		for which in 1 2; do
			run -2 --separate-stderr covey -0 -c "${script//@/"{$which}"}" \
			    ::: 'touch PWNED' '$(touch PWNED)' ::: 'touch PWNED' 'a[$(touch PWNED)]'
			same '' "$output"
			one_complaint
			match "$stderr" "\\{$which\\}" || match "$stderr" 'line [0-9]+ of the script'
			unharmed "$script"
		done
	done <<-'END'
		eval @
		eval "echo @"
		trap @ EXIT
		sh -c @
		sh -c "echo @"
		bash -c 'echo @'
		env A=1 sh -ec "@"
		echo $((@))
		echo $((1 + @))
		echo "$(( @ ))"
		x[@]=1
		let x=@
		export @
		read @
		unset @
		[ -v @ ]
		test -v @
		printf -v @ x
		printf @ x
		declare -i x=@
		cat <<'EOF'\\n@\\nEOF
		sh <<EOF\\necho @\\nEOF
		echo $'@'
		PS4=@; set -x; :
		alias x=@
		${@}
		echo ${x:=@}
		cat <(echo @)
		[[ @ -eq 1 ]]
	END
}
