"""Whether the training data fits together, told with file and line before anything is trained.

Pure reading of YAML, without Rasa, so that a mistake is named within a second: `parts` reads files with their lines,
`nlu`, `domain` and `flows` read what stands in them, `project` brings them together, the other modules each find one
kind of mistake. What only Rasa itself can find is put in places by `contradictions`.
"""
