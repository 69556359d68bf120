// Package diff aligns two lists of lines.
package diff

// Line is a line of the result. Mark is ' ' for a line in both lists, '-' for a line in a only, and '+' for a line in
// b only. A and B are its indices in the lists, or -1.
type Line struct {
	Mark byte
	A, B int
}

// maxCells limits the memory for lengths. Longer lists are not aligned where they differ.
const maxCells = 4 << 20

// Lines aligns a and b by a longest common subsequence. Where several are possible, lines of a come first.
func Lines(a, b []string) []Line {
	head, tail := 0, 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	var out []Line
	for i := range head {
		out = append(out, Line{' ', i, i})
	}
	out = middle(out, a[head:len(a)-tail], b[head:len(b)-tail], head)
	for i := range tail {
		out = append(out, Line{' ', len(a) - tail + i, len(b) - tail + i})
	}
	return out
}

// middle appends the alignment of a and b, parts of the lists that start at index at.
func middle(out []Line, a, b []string, at int) []Line {
	common := lengths(a, b)
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, Line{' ', at + i, at + j})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && (common == nil || common[i+1][j] >= common[i][j+1]):
			out = append(out, Line{'-', at + i, -1})
			i++
		default:
			out = append(out, Line{'+', -1, at + j})
			j++
		}
	}
	return out
}

// lengths[i][j] is the length of the longest common subsequence of a[i:] and b[j:]; nil when the lists are too long.
func lengths(a, b []string) [][]int32 {
	if len(a)*len(b) > maxCells {
		return nil
	}
	table := make([][]int32, len(a)+1)
	for i := range table {
		table[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}
