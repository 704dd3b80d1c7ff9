package app

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FileSuffix ends the name of a variable that names a file with the value of a setting: SLACK_BOT_TOKEN_FILE.
const FileSuffix = "_FILE"

// maxFile bounds the size of a file with a value, in bytes.
const maxFile = 64 << 10

// Files are the files that values of settings come from; see [ReadFiles].
type Files struct {
	paths    map[string]string // by the setting's variable
	problems problems
}

// ReadFiles sets each setting for which the environment names a file, and that was not given as a flag. getenv reads a
// variable, as os.Getenv does; flags are the settings' variables that were given as flags. What is wrong with a file
// is in the result; see [Files.Err] and [Config.Problems].
func ReadFiles(settings []Setting, getenv func(string) string, flags []string) Files {
	f := Files{paths: map[string]string{}}
	for _, s := range settings {
		path := getenv(s.Env + FileSuffix)
		if path == "" || slices.Contains(flags, s.Env) {
			continue
		}
		f.paths[s.Env] = path
		if getenv(s.Env) != "" {
			f.problem(s.Env, "is set, and so is "+s.Env+": leave one of them")
			continue
		}
		value, err := readValue(path)
		if err != nil && !filepath.IsAbs(path) { // somebody may have put the secret itself where its path belongs
			f.problems = append(f.problems, Problem{
				Variable: s.Env + FileSuffix, Wrong: "is not the path of a file",
				Example: "/run/secrets/" + s.Flag(),
			})
			continue
		}
		if err == nil {
			if wrong := s.Value.Set(value); wrong != nil {
				err = fmt.Errorf("holds no right value (%w)", wrong)
			}
		}
		if err != nil {
			f.problem(s.Env, "names "+path+", which "+err.Error())
		}
	}
	return f
}

func (f *Files) problem(variable, wrong string) {
	f.problems = append(f.problems, Problem{Variable: variable + FileSuffix, Wrong: wrong})
}

// Err says what is wrong with the files; nil for nothing. It holds the names of variables and files, and no content.
func (f Files) Err() error { return f.problems.err() }

// names tells whether a setting's value is to come from a file, whatever is wrong with that.
func (f Files) names(variable string) bool { return f.paths[variable] != "" }

// without leaves out the problems of settings whose file has one: what is missing is what the file would hold.
func (f Files) without(all problems) problems {
	return slices.DeleteFunc(all, func(p Problem) bool {
		return slices.ContainsFunc(f.problems, func(of Problem) bool { return of.Variable == p.Variable+FileSuffix })
	})
}

// Reread returns the configuration with the values that its files hold now.
func (c Config) Reread() Config {
	paths := maps.Clone(c.Files.paths)
	c.Files = ReadFiles(c.Settings(), func(name string) string {
		variable, isFile := strings.CutSuffix(name, FileSuffix)
		if !isFile {
			return ""
		}
		return paths[variable]
	}, nil)
	return c
}

// readValue reads a value from a file: without the line break at its end, and without the mark that some editors of
// Windows put at the beginning. The error goes on after the name of the file, and holds nothing of the content.
func readValue(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", cannotRead(err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return "", cannotRead(err)
	}
	value := strings.TrimRight(strings.TrimPrefix(string(content), "\ufeff"), "\r\n")
	switch {
	case len(content) > maxFile:
		return "", errors.New("is larger than any value")
	case strings.TrimSpace(value) == "":
		return "", errors.New("is empty")
	}
	return value, nil
}

// cannotRead says why the operating system does not let a file be read.
func cannotRead(err error) error {
	if of, ok := errors.AsType[*fs.PathError](err); ok {
		err = of.Err
	}
	return fmt.Errorf("cannot be read (%w)", err)
}
