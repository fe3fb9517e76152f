/// libyaml's sentences, said so that somebody who does not know its grammar can repair the text.
enum SyntaxFault {
    static func text(_ problem: String, context: String?) -> String {
        switch problem {
        case "mapping values are not allowed in this context":
            "a `:` where no key can stand: check the indentation, or quote a value that contains `: `"
        case "found character that cannot start any token":
            "no value can start like this: a tab for indentation, or a character such as `@`, `%` or a backtick unquoted"
        case "found a tab character that violates indentation",
            "found a tab character where an indentation space is expected":
            "a tab for indentation: use spaces"
        case "could not find expected ':'": "expected `:` after a key"
        case "did not find expected key": "expected a key here: check the indentation and the quotes before it"
        case "did not find expected '-' indicator": "expected `- ` here: check the indentation of the list"
        case "did not find expected ',' or ']'": "expected `,` or `]`"
        case "did not find expected ',' or '}'": "expected `,` or `}`"
        case "did not find expected node content": "expected a value"
        case "did not find expected <document start>": "something follows the document: expected `---`"
        case "block sequence entries are not allowed in this context": "a `- ` where no list can stand"
        case "mapping keys are not allowed in this context": "a `? ` where no key can stand"
        case "found unexpected end of stream": "the text ends inside a quoted value: a quote is missing"
        case "found unexpected document indicator": "the document ends inside a quoted value: a quote is missing"
        case "found unknown escape character": "unknown escape in a double-quoted value (write `\\\\` for a backslash)"
        case "did not find expected hexdecimal number", "did not find expected hexadecimal number":
            "expected hexadecimal digits after the escape"
        case "found invalid Unicode character escape code": "the escape stands for no character"
        case "found undefined tag handle": "the tag's prefix is not declared"
        case "did not find expected alphabetic or numeric character":
            "a name of letters and digits must follow `&` or `*`"
        case "found duplicate %YAML directive": "a second `%YAML` line"
        case "found incompatible YAML document": "the `%YAML` line asks for a version other than 1.1 or 1.2"
        case "control characters are not allowed": "a control character: only escapes in double quotes can write it"
        case "invalid leading UTF-8 octet", "invalid trailing UTF-8 octet", "incomplete UTF-8 octet sequence",
            "invalid length of a UTF-8 sequence", "invalid Unicode character":
            "not UTF-8"
        default: context.map { "\($0): \(problem)" } ?? problem
        }
    }
}
