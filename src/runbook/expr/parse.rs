//! Tokens to a tree, by precedence climbing.

use super::ast::{Access, Argument, Kind, Node, Op};
use super::functions::{self, FUNCTIONS};
use super::lex::{Mistake, Token, TokenKind, tokens};
use super::{MOST_LEVELS, Place};
use crate::domain::diagnostic::{Diagnostic, nearest, quoted};
use crate::runbook::value::Value;

/// Words that are no names.
const RESERVED: [&str; 7] = ["and", "or", "not", "in", "true", "false", "null"];

pub(super) fn parse(source: &str, place: Place) -> Result<Node, Diagnostic> {
    whole(source).map_err(|mistake| {
        Diagnostic::error(place.span(mistake.start, mistake.end), mistake.message).label(mistake.label)
    })
}

fn whole(source: &str) -> Result<Node, Mistake> {
    let mut parser = Parser {
        tokens: tokens(source)?,
        at: 0,
        level: 0,
    };
    if parser.peek().kind == TokenKind::End {
        return Err(Mistake::new(0, source.len(), "the expression is empty", ""));
    }
    let node = parser.expression(0)?;
    // A long chain of operators is a deep tree, though nothing in it looks nested.
    if node.depth() > MOST_DEEP {
        let message = "the expression has too many operators in a row";
        return Err(Mistake::new(node.start, node.end, message, "split it"));
    }
    let next = parser.peek();
    match &next.kind {
        TokenKind::End => Ok(node),
        TokenKind::Mark("->") => {
            Err(parser.unexpected("only the argument of a function such as `all` is written with `->`"))
        }
        _ => Err(parser.unexpected("the expression is complete before this")),
    }
}

/// Parts of a tree inside each other, chains included: what evaluation has stack for.
const MOST_DEEP: usize = 200;

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    level: usize,
}

/// Binary operators by how strongly they bind; those of the same strength go from left to right.
const BINARY: [(&str, u8, Op); 15] = [
    ("??", 2, Op::Else),
    ("or", 3, Op::Or),
    ("and", 4, Op::And),
    ("==", 6, Op::Equal),
    ("!=", 6, Op::Unequal),
    ("<", 6, Op::Less),
    ("<=", 6, Op::LessOrEqual),
    (">", 6, Op::Greater),
    (">=", 6, Op::GreaterOrEqual),
    ("in", 6, Op::In),
    ("+", 7, Op::Add),
    ("-", 7, Op::Subtract),
    ("*", 8, Op::Multiply),
    ("/", 8, Op::Divide),
    ("%", 8, Op::Remainder),
];

const CHOICE: u8 = 1;
const NOT: u8 = 5;
const COMPARISON: u8 = 6;
const NEGATIVE: u8 = 9;

impl Parser {
    fn peek(&self) -> &Token {
        // The last token is `End`, and nothing moves beyond it.
        &self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(&self.peek().kind, TokenKind::Mark(found) if *found == mark)
    }

    fn takes(&mut self, mark: &str) -> bool {
        let found = self.is_mark(mark);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, mark: &str, why: &str) -> Result<usize, Mistake> {
        if self.is_mark(mark) {
            Ok(self.next().end)
        } else {
            Err(self.unexpected(why))
        }
    }

    fn unexpected(&self, label: &str) -> Mistake {
        let token = self.peek();
        let message = match &token.kind {
            TokenKind::End => "the expression ends too early".to_owned(),
            TokenKind::Mark(mark) => format!("`{mark}` is out of place"),
            TokenKind::Name(name) => format!("{} is out of place", quoted(name)),
            TokenKind::Text(text) => format!("the text {} is out of place", quoted(text)),
            TokenKind::Int(_) | TokenKind::Number(_) | TokenKind::Duration(_) | TokenKind::Size(_) => {
                "this number is out of place".to_owned()
            }
        };
        Mistake::new(token.start, token.end, message, label)
    }

    /// Goes one level deeper, within the limit.
    fn deeper<T>(&mut self, then: impl FnOnce(&mut Self) -> Result<T, Mistake>) -> Result<T, Mistake> {
        if self.level >= MOST_LEVELS {
            let token = self.peek();
            let message = format!("the expression is nested deeper than {MOST_LEVELS} levels");
            return Err(Mistake::new(token.start, token.end, message, ""));
        }
        self.level += 1;
        let result = then(self);
        self.level -= 1;
        result
    }

    fn binary(&self) -> Option<(u8, Op, usize)> {
        let word = match &self.peek().kind {
            TokenKind::Mark(mark) => *mark,
            TokenKind::Name(name) => name.as_str(),
            _ => return None,
        };
        if word == "not" {
            let next = self.tokens.get(self.at + 1)?;
            return matches!(&next.kind, TokenKind::Name(name) if name == "in").then_some((
                COMPARISON,
                Op::NotIn,
                2,
            ));
        }
        BINARY
            .iter()
            .find(|(symbol, ..)| *symbol == word)
            .map(|(_, strength, op)| (*strength, *op, 1))
    }

    /// An expression whose operators bind at least this strongly.
    fn expression(&mut self, least: u8) -> Result<Node, Mistake> {
        self.deeper(|parser| {
            let mut left = parser.unary()?;
            loop {
                if parser.is_mark("?") && least <= CHOICE {
                    left = parser.choice(left)?;
                    continue;
                }
                let Some((strength, op, length)) =
                    parser.binary().filter(|(strength, ..)| *strength >= least)
                else {
                    return Ok(left);
                };
                parser.at += length;
                let right = parser.expression(strength + 1)?;
                left = Node {
                    start: left.start,
                    end: right.end,
                    kind: Kind::Binary {
                        op,
                        left: Box::new(left),
                        right: Box::new(right),
                    },
                };
                if strength == COMPARISON
                    && let Some((COMPARISON, ..)) = parser.binary()
                {
                    return Err(parser.unexpected("comparisons cannot be chained: join two with `and`"));
                }
            }
        })
    }

    fn choice(&mut self, condition: Node) -> Result<Node, Mistake> {
        self.expect("?", "")?;
        let yes = self.expression(CHOICE)?;
        self.expect(":", "`condition ? one : other` needs a `:`")?;
        let no = self.expression(CHOICE)?;
        Ok(Node {
            start: condition.start,
            end: no.end,
            kind: Kind::Choice {
                condition: Box::new(condition),
                yes: Box::new(yes),
                no: Box::new(no),
            },
        })
    }

    fn unary(&mut self) -> Result<Node, Mistake> {
        let start = self.peek().start;
        if self.takes("-") {
            let of = self.expression(NEGATIVE)?;
            let end = of.end;
            let kind = match of.kind {
                Kind::Literal(Value::Int(number)) => Kind::Literal(Value::Int(-number)),
                Kind::Literal(Value::Number(number)) => Kind::Literal(Value::Number(-number)),
                _ => Kind::Negative(Box::new(of)),
            };
            return Ok(Node { start, end, kind });
        }
        if matches!(&self.peek().kind, TokenKind::Name(name) if name == "not") {
            self.at += 1;
            let of = self.expression(NOT)?;
            return Ok(Node {
                start,
                end: of.end,
                kind: Kind::Not(Box::new(of)),
            });
        }
        let primary = self.primary()?;
        self.postfix(primary)
    }

    fn postfix(&mut self, mut of: Node) -> Result<Node, Mistake> {
        loop {
            let access = if self.takes(".") {
                Access::Strict
            } else if self.takes("?.") {
                Access::Lenient
            } else if self.takes("[") {
                let index = self.expression(0)?;
                let end = self.expect("]", "`[` needs a `]`")?;
                of = Node {
                    start: of.start,
                    end,
                    kind: Kind::Item {
                        of: Box::new(of),
                        index: Box::new(index),
                    },
                };
                continue;
            } else {
                return Ok(of);
            };
            let TokenKind::Name(name) = self.peek().kind.clone() else {
                return Err(self.unexpected("a name is missing behind the dot"));
            };
            let end = self.next().end;
            if self.is_mark("(") {
                return Err(self.unexpected("values have no methods; functions are called, as in `len(x)`"));
            }
            of = Node {
                start: of.start,
                end,
                kind: Kind::Part {
                    of: Box::new(of),
                    name,
                    access,
                },
            };
        }
    }

    fn primary(&mut self) -> Result<Node, Mistake> {
        let token = self.peek().clone();
        let literal = |value| Kind::Literal(value);
        let kind = match token.kind {
            TokenKind::Int(number) => literal(Value::Int(number)),
            TokenKind::Number(number) => literal(Value::Number(number)),
            TokenKind::Text(text) => literal(Value::Text(text)),
            TokenKind::Duration(duration) => literal(Value::Duration(duration)),
            TokenKind::Size(size) => literal(Value::Size(size)),
            TokenKind::Name(name) => match name.as_str() {
                "true" => literal(Value::Bool(true)),
                "false" => literal(Value::Bool(false)),
                "null" => literal(Value::Null),
                word if RESERVED.contains(&word) => {
                    return Err(self.unexpected("a value is missing before this"));
                }
                _ => {
                    self.at += 1;
                    if self.is_mark("(") {
                        return self.call(&name, token.start, token.end);
                    }
                    return Ok(Node {
                        start: token.start,
                        end: token.end,
                        kind: Kind::Name(name),
                    });
                }
            },
            TokenKind::Mark("(") => {
                self.at += 1;
                let mut inner = self.expression(0)?;
                inner.end = self.expect(")", "`(` needs a `)`")?;
                inner.start = token.start;
                return Ok(inner);
            }
            TokenKind::Mark("[") => {
                self.at += 1;
                let mut items = Vec::new();
                while !self.is_mark("]") {
                    items.push(self.expression(0)?);
                    if !self.takes(",") {
                        break;
                    }
                }
                let end = self.expect("]", "`[` needs a `]`")?;
                return Ok(Node {
                    start: token.start,
                    end,
                    kind: Kind::List(items),
                });
            }
            TokenKind::Mark(_) | TokenKind::End => return Err(self.unexpected("a value is missing here")),
        };
        self.at += 1;
        Ok(Node {
            start: token.start,
            end: token.end,
            kind,
        })
    }

    fn call(&mut self, name: &str, start: usize, end: usize) -> Result<Node, Mistake> {
        let Some(function) = functions::get(name) else {
            let guess = nearest(name, FUNCTIONS.iter().map(|function| function.name));
            let label = guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?"));
            let message = format!("there is no function {}", quoted(name));
            return Err(Mistake::new(start, end, message, label));
        };
        self.at += 1;
        let mut arguments = Vec::new();
        while !self.is_mark(")") {
            arguments.push(self.argument(function)?);
            if !self.takes(",") {
                break;
            }
        }
        let end = self.expect(")", "`(` needs a `)`")?;
        function
            .arity(&arguments)
            .map_err(|message| Mistake::new(start, end, message, function.usage))?;
        Ok(Node {
            start,
            end,
            kind: Kind::Call { function, arguments },
        })
    }

    fn argument(&mut self, function: &functions::Function) -> Result<Argument, Mistake> {
        let behind = self.tokens.get(self.at + 1).map(|token| &token.kind);
        if let (TokenKind::Name(item), Some(TokenKind::Mark("->"))) = (&self.peek().kind, behind) {
            let item = item.clone();
            if RESERVED.contains(&item.as_str()) {
                return Err(self.unexpected("this word cannot be a name"));
            }
            self.at += 2;
            let body = self.expression(0)?;
            return Ok(Argument::Lambda { item, body });
        }
        let value = self.expression(0)?;
        if self.is_mark("->") {
            return Err(self.unexpected(function.usage));
        }
        Ok(Argument::Value(value))
    }
}
