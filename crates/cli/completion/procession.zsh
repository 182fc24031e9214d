#compdef procession
# Completion of procession in zsh: source <(procession completion zsh)
_procession() {
    local -a offered
    offered=("${(@f)$(procession __complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    offered=("${(@)offered:#}")
    if (( ${#offered} )); then
        compadd -a offered
    else
        _files
    fi
}
compdef _procession procession
