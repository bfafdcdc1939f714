function __cfops_complete
  set -l candidates (env CFOPS_COMPLETE=1 cfops fish (commandline --current-process --cut-at-cursor | string collect) 2>/dev/null)
  if set -q candidates[1]
    printf '%s\n' $candidates
  else
    __fish_complete_path (commandline --current-token)
  end
end
for program in cfops
  complete --command $program --no-files --arguments '(__cfops_complete)'
end
