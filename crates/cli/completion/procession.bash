# Completion of procession in bash: source <(procession completion bash)
_procession() {
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}")
    local line="${COMP_LINE:0:COMP_POINT}"
    # Ids have colons, at which bash cuts words: what was typed is taken as it stands.
    read -ra words <<< "${line#* }"
    [[ "$line" == *" " ]] && words+=("")
    local last="${words[${#words[@]}-1]}" candidate
    COMPREPLY=()
    while IFS= read -r candidate; do
        COMPREPLY+=("${candidate#"${last%"${last##*:}"}"}")
    done < <(procession __complete -- "${words[@]}" 2>/dev/null)
    [[ ${#COMPREPLY[@]} -eq 0 ]] && compopt -o default 2>/dev/null
    return 0
}
complete -F _procession procession
