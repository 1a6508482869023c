//! Why a change means what it means. Every reason has one verdict.

use super::suspicion::Suspicion;
use super::verdict::Verdict;
use serde::Serialize;
use std::fmt;

/// Declares the reasons, with their verdicts, their words in JSON, and their sentences.
macro_rules! reasons {
    ($($verdict:ident { $($variant:ident $word:literal $sentence:literal;)* })*) => {
        /// Why a change has its verdict. What `Display` gives is a clause: it says what is so now.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(
                #[doc = $sentence]
                $variant,
            )*)*
            /// It has the form of an attack.
            Suspicion(Suspicion),
        }

        impl Reason {
            /// Every reason but the suspicions.
            pub const PLAIN: &'static [Self] = &[$($(Self::$variant,)*)*];

            /// What a change with this reason means.
            pub const fn verdict(self) -> Verdict {
                match self {
                    $($(Self::$variant)|* => Verdict::$verdict,)*
                    Self::Suspicion(_) => Verdict::Suspicious,
                }
            }

            /// The word for it in JSON and in logs: lower case and `_`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $($(Self::$variant => $word,)*)*
                    Self::Suspicion(suspicion) => suspicion.as_str(),
                }
            }
        }

        impl fmt::Display for Reason {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $($(Self::$variant => f.write_str($sentence),)*)*
                    Self::Suspicion(suspicion) => fmt::Display::fmt(suspicion, f),
                }
            }
        }
    };
}

reasons! {
    Cosmetic {
        Wording "wording" "a text for people and models is worded otherwise";
        Appearance "appearance" "it looks otherwise";
        Note "note" "a note that decides nothing is another";
        Order "order" "the order is another, which means nothing";
        SameMeaning "same_meaning" "the same is said in another way";
        Release "release" "the server has another release";
    }
    Additive {
        Added "added" "it is new";
        Widened "widened" "it takes what it took, and more";
        AnswerWithin "answer_within" "its answers are still what was promised";
        ParameterAdded "parameter_added" "there is a new parameter, which may be left out";
        FieldAdded "field_added" "answers have a new member";
        AnswerAdded "answer_added" "there is a new kind of answer";
        OutputPromised "output_promised" "answers have a promised form now";
        DefaultNoted "default_noted" "what is taken where nothing is given is said now";
        FormatNoted "format_noted" "a hint at how a value is written came or went";
        UnknownMember "unknown_member" "a member that nobody here reads is another";
        CapabilityAdded "capability_added" "the server can do more";
        AudienceAdded "audience_added" "it is meant for somebody else too";
        AddressAdded "address_added" "a text names an address it did not name";
        SecurityEased "security_eased" "there is another way to sign in";
    }
    Breaking {
        Removed "removed" "it is no longer there";
        Moved "moved" "it is found under another name";
        Narrowed "narrowed" "it may refuse what it took";
        AnswerBeyond "answer_beyond" "its answers may be what was not promised";
        ParameterRequired "parameter_required" "there is a parameter that must be given now";
        ParameterGone "parameter_gone" "a parameter is no longer there";
        FieldGone "field_gone" "a member of the answers is no longer promised";
        AnswerGone "answer_gone" "a kind of answer is no longer given";
        OutputDropped "output_dropped" "answers no longer have a promised form";
        DefaultChanged "default_changed" "calls that leave it out may do something else";
        FormatChanged "format_changed" "values are written in another way";
        HeaderChanged "header_changed" "an argument is sent in another header";
        RequestChanged "request_changed" "a call sends something else, or in another way";
        HintChanged "hint_changed" "it claims otherwise what it does, and rules may depend on that";
        InterfaceChanged "interface_changed" "another interface is shown for it, or in another way";
        MediaTypeChanged "media_type_changed" "its content is of another type";
        CapabilityGone "capability_gone" "the server can do less";
        ServersChanged "servers_changed" "it is served at another address";
        ServerRenamed "server_renamed" "the server gives itself another name";
        SecurityTightened "security_tightened" "it asks for credentials it did not ask for";
        SecurityDropped "security_dropped" "it asks for no credentials any more";
        NotShown "not_shown" "it cannot be shown to be compatible";
        TooMuch "too_much" "there is too much to compare";
        Uncheckable "uncheckable" "a schema cannot be checked";
        Malformed "malformed" "a member is not what the protocol says";
    }
}

impl Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
