package markup

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// all are the tokens of a document until its end or an error.
func all(t tokens) (found []token, err error) {
	for {
		next, err := t.next()
		if err != nil {
			return found, err
		}
		if len(next.attributes) == 0 {
			next.attributes = nil // encoding/xml has an empty list
		}
		found = append(found, next)
	}
}

// FuzzPlain holds the tokens of plain documents against those of encoding/xml.
func FuzzPlain(f *testing.F) {
	for _, seed := range []string{
		"", "a", " ", "<a/>", "<a></a>", "<a>b</a>", "<a> <b>c</b>\n\t<b/> </a>\n", "<a-1._>x</a-1._>", "</a>", "<a", "<a>", "<a/>b<c/>", "<>", "</>", "< a/>",
		"<a />", "<a ></a >", "</a/>", "<a//>", "<a><b/></a><c/>", "<1/>", "<-a/>", "<a:b/>", "<a b='c'/>", "<é/>", "<a>é</a>", "<a>\x7f</a>", "<a>\u0080</a>",
		"<a>\ufffd</a>", "<a>\ufffe</a>", "<a>\uffff</a>", "<a>\x00</a>", "<a>\x0b</a>", "<a>\r\n</a>", "<a>\r</a>", "<a>&amp;</a>", "<a>&b;</a>", "<a>&</a>", "<a>></a>",
		"<a>]]></a>", "<a>]</a>", "<a>]]</a>", "<a><![CDATA[b]]></a>", "<a><!-- b --></a>", "<!DOCTYPE a><a/>", "<?a b?><a/>", "<a>b<?c d?></a>",
		`<?xml version="1.0" encoding="UTF-8"?><a/>`, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n<a/>", `<?xml version="1.0"?><a/>`,
		`<?xml version="1.0" encoding="latin1"?><a/>`, ` <?xml version="1.0" encoding="UTF-8"?><a/>`, `<a/><?xml version="1.0" encoding="UTF-8"?>`,
		`<?xml version="1.0" encoding="UTF-8"?><?xml version="1.0" encoding="UTF-8"?><a/>`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		if !utf8.ValidString(document) {
			return
		}
		found, err := all(newPlain(document))
		if err == io.EOF {
			want, err := all(newFull(document))
			require.Equal(t, io.EOF, err, "%q", document)
			require.Equal(t, want, found, "%q", document)
		} else {
			require.Equal(t, errNotPlain, err, "%q", document)
		}
	})
}

func TestPlainDocuments(t *testing.T) {
	for _, document := range []string{
		"<customer>\n\t<name>Élodie Kouassi</name>\r\n</customer>", "<a>R&amp;D</a>", "<a b='c'/>", "<a>[x]</a>", "<!-- --><a/>",
	} {
		_, err := all(newPlain(document))
		assert.Equal(t, errNotPlain, err, document)
	}
	for _, document := range []string{
		"<customer>\n\t<name>Élodie Kouassi</name>\n\t<phone/></customer>\n", `<?xml version="1.0" encoding="UTF-8"?>` + "\n<a>+2250102030405</a>",
	} {
		_, err := all(newPlain(document))
		assert.Equal(t, io.EOF, err, document)
	}
}

// What a document costs grows with its length, not with its square.
func TestLongDocuments(t *testing.T) {
	root := &Root{Name: "r", Element: &Element{Type: Object, Properties: []Property{
		{Name: "a", XML: "a", Element: &Element{Type: Array, Items: &Element{Type: String}}},
	}}}
	document := []byte("<r>" + strings.Repeat("<a/>\n", 50_000) + "</r>")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	value, problems, ok := Decode(document, root)
	runtime.ReadMemStats(&after)
	require.True(t, ok)
	require.Empty(t, problems)
	assert.Len(t, value.(map[string]any)["a"], 50_000)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100<<20))
}
