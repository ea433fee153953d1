/**
 * What each shell is told. The words up to the cursor go to `rollcall __complete`, by the name the command was called by; where it
 * has nothing to say, the shell offers files.
 */
export const SCRIPTS = {
  // Bash takes host:port apart at the colon, so the words are read from the line, and what stands before the colon is taken off.
  // It puts a candidate into the line as it is, and what stands in a registry is anybody's: so each is quoted. No mapfile and no
  // empty arrays under set -u: macOS has bash 3.2.
  bash: `_rollcall() {
  local line=\${COMP_LINE:0:COMP_POINT} words current before="" one
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=\${words[\${#words[@]}-1]}
  [[ $current == *:* && $COMP_WORDBREAKS == *:* ]] && before=\${current%"\${current##*:}"}
  COMPREPLY=()
  while IFS= read -r one; do
    printf -v one %q "\${one#"$before"}"
    COMPREPLY+=("$one")
  done < <("$1" __complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _rollcall rollcall
`,
  zsh: `#compdef rollcall
_rollcall() {
  local -a found
  found=("\${(@f)$("\${words[1]}" __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[1]}" ]]; then compadd -a found; else _files; fi
}
if [[ "\${funcstack[1]}" == _rollcall ]]; then _rollcall; else compdef _rollcall rollcall; fi
`,
  fish: `function __rollcall_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l found ($words[1] __complete -- $words[2..-1] "$current" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c rollcall -f -a '(__rollcall_complete)'
`,
} as const;
