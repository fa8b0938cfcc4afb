//! How answers are asked to look.

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON document.
    Json,
    /// One YAML document.
    Yaml,
    /// Text for people.
    Text,
}

impl Format {
    /// The words for them.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("json", Self::Json),
        ("yaml", Self::Yaml),
        ("text", Self::Text),
    ];

    /// Returns the form that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(known, _)| *known == word);
        found.map(|(_, format)| *format)
    }

    /// Returns the word for it.
    pub fn word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, format)| *format == self);
        found.map_or("", |(word, _)| word)
    }
}

/// When colours are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// On a terminal that has some, unless the caller's environment says otherwise.
    #[default]
    Auto,
    /// Also where there is no terminal.
    Always,
    /// Nowhere.
    Never,
}

impl When {
    /// The words for them.
    pub const WORDS: [(&'static str, Self); 3] = [
        ("auto", Self::Auto),
        ("always", Self::Always),
        ("never", Self::Never),
    ];

    /// Returns the one that `word` names.
    pub fn from_word(word: &str) -> Option<Self> {
        let found = Self::WORDS.iter().find(|(known, _)| *known == word);
        found.map(|(_, when)| *when)
    }
}
