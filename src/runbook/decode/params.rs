//! Parameters.

use std::collections::BTreeMap;

use super::{Decoder, literal};
use crate::domain::diagnostic::{Diagnostic, nearest, quoted};
use crate::domain::document::{Entry, Node, Value as Tree};
use crate::domain::ids::Kind;
use crate::runbook::model::{Arg, Discovery, Origin, Param, Pattern, Presence, Source, Spanned};
use crate::runbook::types::{Type, read_literal, type_names};
use crate::runbook::value::{SecretRef, Value};

impl Decoder<'_> {
    pub(super) fn params(&mut self, root: &Node) -> Vec<Param> {
        match root.get("params").map(|params| &params.value) {
            Some(Tree::Map(entries)) => entries.iter().filter_map(|entry| self.param(entry)).collect(),
            _ => Vec::new(),
        }
    }

    fn param(&mut self, entry: &Entry) -> Option<Param> {
        let node = &entry.value;
        let name = Spanned::new(entry.key.span, entry.key.text.clone());
        self.identifier(&name, "the name of a parameter", &[]);
        let ty = self.param_type(node)?;
        let element = element(&ty).clone();
        let from = self.origin(node, &ty);
        let pattern = self.pattern(node, &element);
        let one_of = self.choices(node, &element);
        let meanings = meanings(node);
        let (min, max) = (
            self.bound(node, "min", &element),
            self.bound(node, "max", &element),
        );
        if let (Some(min), Some(max)) = (&min, &max)
            && is_above(min, max)
        {
            self.error(min.span, "`min` is above `max`", "nothing could be given");
        }
        let (min_items, max_items) = (Self::count(node, "min_items"), Self::count(node, "max_items"));
        for key in ["min_items", "max_items"] {
            if let Some(node) = node.get(key)
                && !matches!(ty.value, Type::List(_))
            {
                let message = format!("`{key}` is for lists, this is `{}`", *ty);
                self.error(node.span, message, "");
            }
        }
        if let (Some(least), Some(most), Some(node)) = (min_items, max_items, node.get("min_items"))
            && least > most
        {
            self.error(
                node.span,
                "`min_items` is above `max_items`",
                "nothing could be given",
            );
        }
        let presence = self.presence(node, &ty, from.as_ref());
        Some(Param {
            name,
            about: Self::text(node, "about").unwrap_or_default().value,
            ty,
            presence,
            pattern,
            one_of,
            meanings,
            min,
            max,
            min_items,
            max_items,
            from,
        })
    }

    fn param_type(&mut self, node: &Node) -> Option<Spanned<Type>> {
        let written = Self::text(node, "type")?;
        match written.parse::<Type>() {
            Ok(ty) => Some(Spanned::new(written.span, ty)),
            Err(unknown) => {
                let names = type_names();
                let guess = nearest(&unknown.found, names.iter().map(String::as_str));
                let message = format!("{} is not a type", quoted(&unknown.found));
                self.found.push(
                    Diagnostic::error(written.span, message)
                        .label(guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?")))
                        .note(format!("types: {}, list<…>, map<…>", names.join(", "))),
                );
                None
            }
        }
    }

    fn origin(&mut self, node: &Node, ty: &Spanned<Type>) -> Option<Origin> {
        let Some(from) = node.get("from") else {
            return self.implied_origin(ty);
        };
        let given: Vec<&Entry> = match &from.value {
            Tree::Map(entries) => entries.iter().filter(|entry| entry.key.text != "where").collect(),
            _ => return None,
        };
        // What was written there has been refused.
        if given.is_empty() && self.source.slice(from.span).contains(':') {
            return None;
        }
        let [only] = given.as_slice() else {
            self.error(
                from.span,
                "`from` has one of `list`, `ssm`, `secretsmanager` and `env`",
                "",
            );
            return None;
        };
        if only.key.text != "list" {
            let name = Self::text(from, &only.key.text)?;
            if ty.value != Type::Secret {
                let message = format!("`{}` is for secrets, this is `{}`", only.key.text, **ty);
                self.error(only.key.span, message, "write `type: secret`");
                return None;
            }
            return Some(Origin::Secret(match only.key.text.as_str() {
                "ssm" => SecretRef::Ssm(name.value),
                "secretsmanager" => SecretRef::SecretsManager(name.value),
                _ => SecretRef::Environment(name.value),
            }));
        }
        let word = Self::text(from, "list")?;
        let list = Source::ALL
            .iter()
            .copied()
            .find(|source| source.name() == word.as_str())?;
        let wanted = element(ty);
        // What is listed is a resource, or the name of something; a plain text takes the name.
        let fits = match (wanted, list.ty()) {
            (Type::Text, _) => true,
            (wanted, listed) => wanted.accepts(&listed),
        };
        if !fits {
            let message = format!(
                "`{list}` lists values of type `{}`, this is `{}`",
                list.ty(),
                **ty
            );
            self.error(word.span, message, "");
            return None;
        }
        Some(Origin::Live(Discovery {
            list: Spanned::new(word.span, list),
            filters: self.filters(from, list),
        }))
    }

    /// A resource is always looked up: without `from` among all of its kind.
    fn implied_origin(&mut self, ty: &Spanned<Type>) -> Option<Origin> {
        let Type::Resource(kinds) = element(ty) else {
            return None;
        };
        let list = match kinds.as_slice() {
            [Kind::EcsService] => Source::EcsService,
            [Kind::Asg] => Source::Asg,
            [Kind::Ec2Instance] => Source::Ec2Instance,
            [Kind::RdsInstance] => Source::RdsInstance,
            [Kind::RdsCluster] => Source::RdsCluster,
            [Kind::Redis] => Source::Redis,
            [Kind::TargetGroup] => Source::TargetGroup,
            [Kind::Alarm] => Source::Alarm,
            [Kind::Queue] => Source::Queue,
            [Kind::Lambda] => Source::Lambda,
            [Kind::Nodegroup] => Source::Nodegroup,
            [Kind::LogGroup] => Source::LogGroup,
            [Kind::SagemakerEndpoint] => Source::SagemakerEndpoint,
            [Kind::NotebookInstance] => Source::NotebookInstance,
            [Kind::Pipeline] => Source::Pipeline,
            [Kind::Distribution] => Source::Distribution,
            [Kind::EcrRepository] => Source::EcrRepository,
            [Kind::Certificate] => Source::Certificate,
            _ => {
                self.error(
                    ty.span,
                    "resources of several kinds need a `from:`",
                    "say what to list",
                );
                return None;
            }
        };
        Some(Origin::Live(Discovery {
            list: Spanned::new(ty.span, list),
            filters: Vec::new(),
        }))
    }

    fn filters(&mut self, from: &Node, list: Source) -> Vec<(Spanned<String>, Spanned<Arg>)> {
        let mut filters = Vec::new();
        for input in self.inputs(from, "where") {
            if list.filters().contains(&input.name.as_str()) {
                filters.push((input.name, input.arg));
                continue;
            }
            let guess = nearest(&input.name, list.filters().iter().copied());
            let message = format!("`{list}` cannot be narrowed by {}", quoted(&input.name));
            self.found.push(
                Diagnostic::error(input.name.span, message)
                    .label(guess.map_or_else(String::new, |guess| format!("did you mean `{guess}`?")))
                    .note(format!("it can be narrowed by {}", list.filters().join(", "))),
            );
        }
        filters
    }

    fn pattern(&mut self, node: &Node, element: &Type) -> Option<Pattern> {
        let written = Self::text(node, "pattern")?;
        if *element != Type::Text {
            let message = format!("`pattern` is for text, this is `{element}`");
            self.error(written.span, message, "");
            return None;
        }
        match Pattern::new(&written) {
            Ok(pattern) => Some(pattern),
            Err(why) => {
                let message = format!("{} cannot be used as a pattern", quoted(&written));
                self.error(written.span, message, why);
                None
            }
        }
    }

    fn choices(&mut self, node: &Node, element: &Type) -> Vec<Spanned<Value>> {
        let items = match node.get("enum").map(|node| (node.span, &node.value)) {
            Some((_, Tree::List(items))) => items,
            Some((_, Tree::Map(entries))) if *element == Type::Text => {
                return entries
                    .iter()
                    .map(|entry| Spanned::new(entry.key.span, Value::text(&entry.key.text)))
                    .collect();
            }
            Some((span, Tree::Map(_))) => {
                self.error(
                    span,
                    "`enum` with meanings is for text",
                    "write the values as a list, and what they mean in `about`",
                );
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        let mut choices: Vec<Spanned<Value>> = Vec::new();
        for item in items {
            let Some(value) = self.typed(item, element) else {
                continue;
            };
            if let Some(first) = choices.iter().find(|choice| choice.value == value) {
                self.found.push(
                    Diagnostic::error(
                        item.span,
                        format!("{} is given twice", quoted(&value.to_string())),
                    )
                    .related(first.span, "first given here"),
                );
                continue;
            }
            choices.push(Spanned::new(item.span, value));
        }
        choices
    }

    /// A literal of a type.
    fn typed(&mut self, node: &Node, ty: &Type) -> Option<Value> {
        match read_literal(&literal(node)?, ty) {
            Ok(value) => Some(value),
            Err(error) => {
                self.error(node.span, error.message, "");
                None
            }
        }
    }

    fn bound(&mut self, node: &Node, key: &str, element: &Type) -> Option<Spanned<Value>> {
        let node = node.get(key).filter(|node| node.value != Tree::Null)?;
        let ty = match element {
            // The length of text, in characters.
            Type::Text => &Type::Int,
            Type::Int | Type::Number | Type::Duration | Type::Size | Type::Time => element,
            _ => {
                self.error(node.span, format!("`{key}` is not for `{element}`"), "");
                return None;
            }
        };
        let value = self.typed(node, ty)?;
        Some(Spanned::new(node.span, value))
    }

    fn presence(&mut self, node: &Node, ty: &Spanned<Type>, from: Option<&Origin>) -> Presence {
        let is_optional = Self::switch(node, "optional");
        let Some(default) = node.get("default").filter(|node| node.value != Tree::Null) else {
            return match from {
                _ if is_optional => Presence::Optional,
                // A secret that has a place is looked up there.
                Some(Origin::Secret(_)) => Presence::Stored,
                _ => Presence::Required,
            };
        };
        if is_optional {
            self.error(
                default.span,
                "a parameter with a default is never null",
                "remove this, or `optional`",
            );
        }
        if ty.value == Type::Secret {
            self.error(
                default.span,
                "a secret cannot have a default",
                "say where it is kept: `from: {ssm: /path}`",
            );
            return Presence::Required;
        }
        if default.value == Tree::Text("all".to_owned()) && matches!(ty.value, Type::List(_)) {
            if matches!(from, Some(Origin::Live(_))) {
                return Presence::All;
            }
            self.error(default.span, "`all` needs a `from:`", "all of what?");
            return Presence::Required;
        }
        match self.arg(default) {
            Some(arg) => Presence::Default(Spanned::new(default.span, arg)),
            None => Presence::Required,
        }
    }
}

/// The type of a list's items, or the type itself.
fn element(ty: &Type) -> &Type {
    match ty {
        Type::List(of) => of,
        other => other,
    }
}

fn is_above(min: &Spanned<Value>, max: &Spanned<Value>) -> bool {
    match (&min.value, &max.value) {
        (Value::Duration(min), Value::Duration(max)) => min > max,
        (Value::Size(min), Value::Size(max)) => min > max,
        (Value::Time(min), Value::Time(max)) => min > max,
        (min, max) => number(min) > number(max),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(number) => Some(*number as f64),
        Value::Number(number) => Some(*number),
        _ => None,
    }
}

/// What the values under `enum` mean, where it says that.
fn meanings(node: &Node) -> BTreeMap<String, String> {
    match node.get("enum").map(|node| &node.value) {
        Some(Tree::Map(entries)) => entries
            .iter()
            .filter_map(|entry| match &entry.value.value {
                Tree::Text(meaning) => Some((entry.key.text.clone(), meaning.clone())),
                _ => None,
            })
            .collect(),
        _ => BTreeMap::new(),
    }
}
