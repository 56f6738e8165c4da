//! Types of an expression before it runs, and everything that is wrong with it.

mod call;

use super::Place;
use super::ast::{Access, Kind, Node, Op};
use crate::domain::diagnostic::{Diagnostic, nearest, quoted};
use crate::runbook::facts;
use crate::runbook::types::Type;

/// What an expression will see: the types of names.
#[derive(Clone, Debug, Default)]
pub struct Known {
    names: Vec<(String, Type)>,
    /// Paths that do not exist here, though they do elsewhere, and why.
    absent: Vec<(Vec<String>, String)>,
}

impl Known {
    /// Nothing.
    pub const fn new() -> Self {
        Self {
            names: Vec::new(),
            absent: Vec::new(),
        }
    }

    /// The same with one more name.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, ty: Type) -> Self {
        self.set(name, ty);
        self
    }

    /// Sets a name, hiding what it was.
    pub fn set(&mut self, name: impl Into<String>, ty: Type) {
        let name = name.into();
        self.names.retain(|(other, _)| *other != name);
        self.names.push((name, ty));
    }

    /// The type of a name.
    pub fn get(&self, name: &str) -> Option<&Type> {
        self.names.iter().find(|(own, _)| own == name).map(|(_, ty)| ty)
    }

    /// Takes a name away, and says why it is not there.
    pub fn remove(&mut self, name: &str, why: &str) {
        self.names.retain(|(other, _)| other != name);
        self.explain(&[name], why);
    }

    /// Explains why a path is not there, instead of taking it for a slip of the finger.
    pub fn explain(&mut self, path: &[&str], why: impl Into<String>) {
        let path = path.iter().map(|part| (*part).to_owned()).collect();
        self.absent.push((path, why.into()));
    }

    fn why_absent(&self, path: &[String]) -> Option<&str> {
        self.absent
            .iter()
            .find(|(absent, _)| absent == path)
            .map(|(_, why)| why.as_str())
    }
}

pub(super) fn check(node: &Node, known: &Known, place: Place, found: &mut Vec<Diagnostic>) -> Type {
    Checker { place, found }.node(node, known)
}

struct Checker<'a> {
    place: Place,
    found: &'a mut Vec<Diagnostic>,
}

impl Checker<'_> {
    /// Reports a mistake; what comes of it may be anything, so that one mistake is reported once.
    fn wrong(&mut self, node: &Node, message: impl Into<String>, label: impl Into<String>) -> Type {
        let span = self.place.span(node.start, node.end);
        self.found.push(Diagnostic::error(span, message).label(label));
        Type::Any
    }

    fn node(&mut self, node: &Node, known: &Known) -> Type {
        match &node.kind {
            Kind::Literal(value) => Type::of(value),
            Kind::Name(name) => match known.get(name) {
                Some(ty) => ty.clone(),
                None => self.unknown_name(node, name, known),
            },
            Kind::Part { of, name, access } => self.part(node, of, name, *access, known),
            Kind::Item { of, index } => {
                let (ty, index_ty) = (self.node(of, known), self.node(index, known));
                self.item(node, &ty, &index_ty)
            }
            Kind::List(items) => {
                let types: Vec<Type> = items.iter().map(|item| self.node(item, known)).collect();
                Type::list(types.into_iter().reduce(|a, b| a.join(&b)).unwrap_or(Type::Any))
            }
            Kind::Not(of) => {
                self.condition(of, known);
                Type::Bool
            }
            Kind::Negative(of) => match self.node(of, known) {
                ty @ (Type::Int | Type::Number | Type::Any) => ty,
                other => {
                    let message = format!("`-` wants a number, this is {}", described(&other));
                    self.wrong(of, message, "")
                }
            },
            Kind::Choice { condition, yes, no } => {
                self.condition(condition, known);
                let (yes, no) = (self.node(yes, known), self.node(no, known));
                yes.join(&no)
            }
            Kind::Binary { op, left, right } => self.binary(node, *op, (left, right), known),
            Kind::Call { function, arguments } => self.call(function, arguments, known),
        }
    }

    fn unknown_name(&mut self, node: &Node, name: &str, known: &Known) -> Type {
        if let Some(why) = known.why_absent(&[name.to_owned()]) {
            let message = format!("there is no {} here", quoted(name));
            let why = why.to_owned();
            return self.wrong(node, message, why);
        }
        let names = || known.names.iter().map(|(name, _)| name.as_str());
        let guess = nearest(name, names()).map(str::to_owned);
        // `keep` for `params.keep` is the commonest slip.
        let inside = known.names.iter().find_map(|(root, ty)| match ty {
            Type::Record(fields) if fields.iter().any(|(field, _)| field == name) => {
                Some(format!("{root}.{name}"))
            }
            _ => None,
        });
        let label = inside
            .or(guess)
            .map_or_else(String::new, |guess| format!("did you mean `{guess}`?"));
        let mut all: Vec<&str> = names().collect();
        all.sort_unstable();
        let note = format!("names here: {}", all.join(", "));
        let span = self.place.span(node.start, node.end);
        let message = format!("there is no {}", quoted(name));
        self.found
            .push(Diagnostic::error(span, message).label(label).note(note));
        Type::Any
    }

    fn condition(&mut self, node: &Node, known: &Known) {
        let ty = self.node(node, known);
        match ty {
            Type::Bool | Type::Any => {}
            Type::Optional(of) if *of == Type::Bool => {
                self.wrong(node, "this may be nothing", "say what counts then: `?? false`");
            }
            other => {
                let message = format!("true or false is wanted here, this is {}", described(&other));
                self.wrong(node, message, "");
            }
        }
    }

    fn part(&mut self, node: &Node, of: &Node, name: &str, access: Access, known: &Known) -> Type {
        let whole = self.node(of, known);
        if access == Access::Strict && matches!(whole, Type::Null | Type::Optional(_)) {
            let message = format!("{} is read of what may be nothing", quoted(name));
            let label = format!("write `?.{name}`, which is nothing then, or `?? …` for another value");
            return self.wrong(node, message, label);
        }
        let is_optional = matches!(whole, Type::Optional(_));
        let ty = match whole.present() {
            Type::Any => return Type::Any,
            Type::Null => return Type::Null,
            Type::Map(of) => {
                // Which keys there will be is not known; `get` is for keys that may be missing.
                of.as_ref().clone()
            }
            Type::Record(fields) => match fields.iter().find(|(field, _)| field == name) {
                Some((_, ty)) => ty.clone(),
                None => return self.unknown_part(node, of, name, fields, known),
            },
            Type::Resource(kinds) => match facts::type_of(kinds, name) {
                Some(ty) => ty,
                None => {
                    let all: Vec<&str> = kinds.iter().flat_map(|kind| facts::names(*kind)).collect();
                    let guess = nearest(name, all.iter().copied());
                    let label = guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?"));
                    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
                    let message = format!("{} has no {}", kinds.join(" or "), quoted(name));
                    return self.wrong(node, message, label);
                }
            },
            other => {
                let message = format!("{} has no parts", described(other));
                return self.wrong(node, message, format!("there is no `.{name}` to be read"));
            }
        };
        if is_optional { Type::optional(ty) } else { ty }
    }

    fn unknown_part(
        &mut self,
        node: &Node,
        of: &Node,
        name: &str,
        fields: &[(String, Type)],
        known: &Known,
    ) -> Type {
        let root = match &of.kind {
            Kind::Name(root) => Some(root.clone()),
            _ => None,
        };
        let what = root
            .as_ref()
            .map_or_else(|| "this".to_owned(), |root| quoted(root));
        let message = format!("{what} has no {}", quoted(name));
        if let Some(root) = root
            && let Some(why) = known.why_absent(&[root, name.to_owned()])
        {
            let why = why.to_owned();
            return self.wrong(node, message, why);
        }
        let guess = nearest(name, fields.iter().map(|(field, _)| field.as_str()));
        let label = guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?"));
        let span = self.place.span(node.start, node.end);
        let mut diagnostic = Diagnostic::error(span, message).label(label);
        if guess.is_none() && !fields.is_empty() && fields.len() <= 20 {
            let names: Vec<&str> = fields.iter().map(|(field, _)| field.as_str()).collect();
            diagnostic = diagnostic.note(format!("{what} has {}", names.join(", ")));
        }
        self.found.push(diagnostic);
        Type::Any
    }

    fn item(&mut self, node: &Node, of: &Type, index: &Type) -> Type {
        match (of, index) {
            (Type::Any, _) => Type::Any,
            (Type::List(of), Type::Int | Type::Any) | (Type::Map(of), Type::Text | Type::Any) => {
                of.as_ref().clone()
            }
            (Type::Record(_), Type::Text | Type::Any) => Type::Any,
            (Type::Optional(_) | Type::Null, _) => self.wrong(
                node,
                "an item is read of what may be nothing",
                "give another value with `??`",
            ),
            (of, index) => {
                let message = format!("{} cannot be an index of {}", described(index), described(of));
                self.wrong(node, message, "")
            }
        }
    }

    fn binary(&mut self, node: &Node, op: Op, (left, right): (&Node, &Node), known: &Known) -> Type {
        match op {
            Op::And | Op::Or => {
                self.condition(left, known);
                self.condition(right, known);
                Type::Bool
            }
            Op::Else => {
                let (a, b) = (self.node(left, known), self.node(right, known));
                match a {
                    Type::Null => b,
                    a => a.present().join(&b),
                }
            }
            _ => {
                let (a, b) = (self.node(left, known), self.node(right, known));
                self.operator(node, op, &a, &b)
            }
        }
    }

    fn operator(&mut self, node: &Node, op: Op, a: &Type, b: &Type) -> Type {
        match op {
            Op::Equal | Op::Unequal => {
                if *a == Type::Secret || *b == Type::Secret {
                    return self.wrong(node, "a secret cannot be compared", "");
                }
                if !comparable(a.present(), b.present()) && *a != Type::Null && *b != Type::Null {
                    let message = format!("{} and {} are never equal", described(a), described(b));
                    return self.wrong(node, message, remedy(a, b));
                }
                Type::Bool
            }
            Op::Less | Op::LessOrEqual | Op::Greater | Op::GreaterOrEqual => {
                if let Some(nothing) = [a, b].into_iter().find(|ty| is_perhaps_nothing(ty)) {
                    let message = format!("{} may be nothing, which has no order", described(nothing));
                    return self.wrong(node, message, "give another value with `??`");
                }
                let ordered = |ty: &Type| {
                    matches!(
                        ty,
                        Type::Int
                            | Type::Number
                            | Type::Text
                            | Type::Duration
                            | Type::Size
                            | Type::Time
                            | Type::Any
                    )
                };
                if !(ordered(a) && ordered(b) && comparable(a, b)) {
                    let message = format!("{} and {} have no order", described(a), described(b));
                    return self.wrong(node, message, remedy(a, b));
                }
                Type::Bool
            }
            Op::In | Op::NotIn => match (a, b) {
                (a, Type::List(of)) if comparable(a.present(), of.present()) => Type::Bool,
                (Type::Text | Type::Any, Type::Text | Type::Map(_) | Type::Record(_)) | (_, Type::Any) => {
                    Type::Bool
                }
                (a, b) => {
                    let message = format!("{} is never in {}", described(a), described(b));
                    self.wrong(node, message, "")
                }
            },
            _ => match arithmetic(op, a, b) {
                Some(ty) => ty,
                None => {
                    let message = format!(
                        "{} `{}` {} cannot be computed",
                        described(a),
                        op.symbol(),
                        described(b)
                    );
                    let label = if is_perhaps_nothing(a) || is_perhaps_nothing(b) {
                        "give another value with `??`"
                    } else if op == Op::Add && (*a == Type::Text || *b == Type::Text) {
                        "make both text with `text(…)`"
                    } else {
                        ""
                    };
                    self.wrong(node, message, label)
                }
            },
        }
    }
}

fn is_perhaps_nothing(ty: &Type) -> bool {
    matches!(ty, Type::Null | Type::Optional(_))
}

/// Whether values of two types can be equal at all.
fn comparable(a: &Type, b: &Type) -> bool {
    match (a, b) {
        (Type::Any | Type::Null, _) | (_, Type::Any | Type::Null) => true,
        (Type::Optional(a), b) | (b, Type::Optional(a)) => comparable(a, b),
        (Type::Int | Type::Number, Type::Int | Type::Number) => true,
        (Type::Resource(a), Type::Resource(b)) => a.iter().any(|kind| b.contains(kind)),
        (Type::List(a), Type::List(b)) => comparable(a, b),
        (Type::Map(_) | Type::Record(_), Type::Map(_) | Type::Record(_)) => true,
        (a, b) => a == b,
    }
}

fn remedy(a: &Type, b: &Type) -> &'static str {
    match (a.present(), b.present()) {
        (Type::Resource(_), Type::Text) | (Type::Text, Type::Resource(_)) => "compare its `.name`",
        (Type::Duration, Type::Int) | (Type::Int, Type::Duration) => {
            "write the number with a unit, such as `90s`"
        }
        (Type::Size, Type::Int) | (Type::Int, Type::Size) => "write the number with a unit, such as `10GiB`",
        _ => "",
    }
}

/// The type of a result; `None` if there is none.
fn arithmetic(op: Op, a: &Type, b: &Type) -> Option<Type> {
    Some(match (op, a, b) {
        (_, Type::Any, other) | (_, other, Type::Any) if !is_perhaps_nothing(other) => Type::Any,
        (Op::Divide, Type::Int | Type::Number, Type::Int | Type::Number) => Type::Number,
        (_, Type::Int, Type::Int) => Type::Int,
        (_, Type::Int | Type::Number, Type::Int | Type::Number) => Type::Number,
        (Op::Add, Type::Text, Type::Text) => Type::Text,
        (Op::Add, Type::List(a), Type::List(b)) => Type::list(a.join(b)),
        (Op::Add | Op::Subtract, Type::Duration, Type::Duration) => Type::Duration,
        (Op::Multiply, Type::Duration, Type::Int) | (Op::Multiply, Type::Int, Type::Duration) => {
            Type::Duration
        }
        (Op::Divide, Type::Duration, Type::Int) => Type::Duration,
        (Op::Divide, Type::Duration, Type::Duration) | (Op::Divide, Type::Size, Type::Size) => Type::Number,
        (Op::Add | Op::Subtract, Type::Size, Type::Size) => Type::Size,
        (Op::Multiply, Type::Size, Type::Int) | (Op::Multiply, Type::Int, Type::Size) => Type::Size,
        (Op::Subtract, Type::Time, Type::Time) => Type::Duration,
        (Op::Add | Op::Subtract, Type::Time, Type::Duration) => Type::Time,
        _ => return None,
    })
}

/// A type in a message about a value of it.
pub(super) fn described(ty: &Type) -> String {
    let words = ty.present().words();
    // The examples of how to write one are of no use here.
    let words = words.split(" such as ").next().unwrap_or_default().to_owned();
    if matches!(ty, Type::Optional(_)) {
        format!("{words}, or nothing,")
    } else {
        words
    }
}
