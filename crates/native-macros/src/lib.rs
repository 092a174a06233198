//! Derives for native contracts: a struct's fields become its storage layout.
//!
//! ```ignore
//! #[contract(name = "pair", kind = 4)]
//! pub struct Pair {
//!     reserves: Slot<Reserves>,        // tag 1
//!     lp: Shares,                      // a component: as many tags as it has fields
//! }
//! ```

use proc_macro::TokenStream;
use proc_macro2::TokenStream as Tokens;
use quote::{format_ident, quote};
use syn::{
    Data, DeriveInput, Expr, Fields, GenericArgument, Ident, ItemStruct, Lifetime, Lit, MetaNameValue, PathArguments,
    Token, Type, parse_macro_input, parse_quote, punctuated::Punctuated,
};

/// Turns a struct into a native contract: handles bound to one address and one call.
#[proc_macro_attribute]
pub fn contract(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments with Punctuated::<MetaNameValue, Token![,]>::parse_terminated);
    let item = parse_macro_input!(item as ItemStruct);
    expand_contract(&arguments, item).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Turns a struct into a part that contracts can hold as a field.
#[proc_macro_attribute]
pub fn component(_arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as ItemStruct);
    expand_component(item).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// Packs a struct's fields into words, in order, low end first.
#[proc_macro_derive(Storable)]
pub fn storable(item: TokenStream) -> TokenStream {
    let item = parse_macro_input!(item as DeriveInput);
    expand_storable(&item).unwrap_or_else(|error| error.to_compile_error()).into()
}

/// A struct whose fields got the call's lifetime, with the pieces that both attributes need.
struct Layout {
    item: ItemStruct,
    names: Vec<Ident>,
    types: Vec<Type>,
    written: Vec<String>,
    tags: Vec<Ident>,
}

impl Layout {
    fn new(mut item: ItemStruct) -> syn::Result<Self> {
        let Fields::Named(fields) = &mut item.fields else {
            return Err(syn::Error::new_spanned(&item.ident, "a contract's fields need names"));
        };
        if !item.generics.params.is_empty() {
            return Err(syn::Error::new_spanned(&item.generics, "the lifetime is added for you"));
        }
        let (mut names, mut types, mut written, mut tags) = (vec![], vec![], vec![], vec![]);
        for field in &mut fields.named {
            written.push(quote_type(&field.ty));
            bind(&mut field.ty)?;
            let name = field.ident.clone().ok_or_else(|| syn::Error::new_spanned(&field.ty, "needs a name"))?;
            tags.push(format_ident!("TAG_{}", name.to_string().to_uppercase()));
            names.push(name);
            types.push(field.ty.clone());
        }
        fields.named.insert(
            0,
            syn::Field {
                attrs: vec![parse_quote!(#[doc = "The contract's context."])],
                vis: parse_quote!(pub(crate)),
                mutability: syn::FieldMutability::None,
                ident: Some(format_ident!("cx")),
                colon_token: None,
                ty: parse_quote!(::limpid_native::Ctx<'a>),
            },
        );
        item.generics = parse_quote!(<'a>);
        Ok(Self { item, names, types, written, tags })
    }

    /// The tags as constants, each after the one before it.
    fn constants(&self, first: &Tokens) -> Tokens {
        let mut before = first.clone();
        let mut out = Tokens::new();
        for (tag, ty) in self.tags.iter().zip(&self.types) {
            out.extend(quote! { #[allow(dead_code)] const #tag: u8 = #before; });
            before = quote! { Self::#tag + <#ty as ::limpid_native::storage::Field<'a>>::TAGS };
        }
        out.extend(quote! { #[allow(dead_code)] const TAG_END: u8 = #before; });
        out
    }
}

fn quote_type(ty: &Type) -> String {
    quote!(#ty).to_string().replace(' ', "")
}

/// `Slot<T>` becomes `Slot<'a, T>`.
fn bind(ty: &mut Type) -> syn::Result<()> {
    let Type::Path(path) = ty else {
        return Err(syn::Error::new_spanned(ty, "a field is a Slot, a Map, a List or a component"));
    };
    let Some(last) = path.path.segments.last_mut() else {
        return Ok(());
    };
    let lifetime = GenericArgument::Lifetime(Lifetime::new("'a", last.ident.span()));
    match &mut last.arguments {
        PathArguments::AngleBracketed(generic) => generic.args.insert(0, lifetime),
        other => *other = PathArguments::AngleBracketed(parse_quote!(<#lifetime>)),
    }
    Ok(())
}

fn value(arguments: &Punctuated<MetaNameValue, Token![,]>, name: &str) -> syn::Result<Lit> {
    for argument in arguments {
        if argument.path.is_ident(name)
            && let Expr::Lit(literal) = &argument.value
        {
            return Ok(literal.lit.clone());
        }
    }
    Err(syn::Error::new(proc_macro2::Span::call_site(), format!("`{name} = ..` is missing")))
}

fn expand_contract(arguments: &Punctuated<MetaNameValue, Token![,]>, item: ItemStruct) -> syn::Result<Tokens> {
    let (label, kind) = (value(arguments, "name")?, value(arguments, "kind")?);
    let layout = Layout::new(item)?;
    let constants = layout.constants(&quote!(1));
    let Layout { item, names, types, written, tags } = &layout;
    let ident = &item.ident;
    let shown = names.iter().map(ToString::to_string);
    Ok(quote! {
        #item

        impl<'a> #ident<'a> { #constants }

        impl<'a> ::limpid_native::Contract<'a> for #ident<'a> {
            const KIND: ::limpid_native::Kind = ::limpid_native::Kind(#kind);
            const NAME: &'static str = #label;

            fn at(cx: ::limpid_native::Ctx<'a>, address: ::alloy_primitives::Address) -> Self {
                let cx = cx.at(address);
                Self { cx, #(#names: <#types as ::limpid_native::storage::Field<'a>>::at(cx, Self::#tags),)* }
            }

            fn layout() -> Vec<::limpid_native::LayoutField> {
                let mut rows = Vec::new();
                #(rows.extend(<#types as ::limpid_native::storage::Field<'a>>::layout(#shown, #written, Self::#tags));)*
                rows
            }
        }
    })
}

fn expand_component(item: ItemStruct) -> syn::Result<Tokens> {
    let layout = Layout::new(item)?;
    let constants = layout.constants(&quote!(0));
    let Layout { item, names, types, written, tags } = &layout;
    let ident = &item.ident;
    let shown = names.iter().map(ToString::to_string);
    Ok(quote! {
        #item

        impl<'a> #ident<'a> { #constants }

        impl<'a> ::limpid_native::storage::Field<'a> for #ident<'a> {
            const TAGS: u8 = Self::TAG_END;

            fn at(cx: ::limpid_native::Ctx<'a>, tag: u8) -> Self {
                Self { cx, #(#names: <#types as ::limpid_native::storage::Field<'a>>::at(cx, tag.wrapping_add(Self::#tags)),)* }
            }

            fn layout(name: &str, _ty: &str, tag: u8) -> Vec<::limpid_native::LayoutField> {
                let mut rows = Vec::new();
                #(rows.extend(<#types as ::limpid_native::storage::Field<'a>>::layout(
                    &format!("{name}.{}", #shown), #written, tag.wrapping_add(Self::#tags)));)*
                rows
            }
        }
    })
}

fn expand_storable(item: &DeriveInput) -> syn::Result<Tokens> {
    let Data::Struct(data) = &item.data else {
        return Err(syn::Error::new_spanned(&item.ident, "only structs are packed"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(syn::Error::new_spanned(&item.ident, "fields need names"));
    };
    let ident = &item.ident;
    let names: Vec<_> = fields.named.iter().filter_map(|field| field.ident.clone()).collect();
    let types: Vec<_> = fields.named.iter().map(|field| field.ty.clone()).collect();
    let index: Vec<_> = (0..names.len()).collect();
    let count = names.len();
    Ok(quote! {
        impl ::limpid_native::Storable for #ident {
            const WORDS: u8 = {
                const SIZES: [u8; #count] = [#(<#types as ::limpid_native::storage::Pack>::BYTES),*];
                ::limpid_native::storage::words(SIZES)
            };

            #[allow(clippy::indexing_slicing)] // the places are constants below WORDS
            fn load(
                read: &mut dyn FnMut(u8) -> ::limpid_native::Result<::alloy_primitives::U256>,
            ) -> ::limpid_native::Result<Self> {
                const PLACES: [::limpid_native::storage::Place; #count] =
                    ::limpid_native::storage::place([#(<#types as ::limpid_native::storage::Pack>::BYTES),*]);
                let mut words = [::alloy_primitives::U256::ZERO; <#ident as ::limpid_native::Storable>::WORDS as usize];
                for (word, content) in (0u8..).zip(words.iter_mut()) {
                    *content = read(word)?;
                }
                Ok(Self {
                    #(#names: ::limpid_native::storage::cut(words[PLACES[#index].word as usize], PLACES[#index]),)*
                })
            }

            #[allow(clippy::indexing_slicing)] // the places are constants below WORDS
            fn store(
                &self,
                write: &mut dyn FnMut(u8, ::alloy_primitives::U256) -> ::limpid_native::Result<()>,
            ) -> ::limpid_native::Result<()> {
                const PLACES: [::limpid_native::storage::Place; #count] =
                    ::limpid_native::storage::place([#(<#types as ::limpid_native::storage::Pack>::BYTES),*]);
                let mut words = [::alloy_primitives::U256::ZERO; <#ident as ::limpid_native::Storable>::WORDS as usize];
                #({
                    let word = &mut words[PLACES[#index].word as usize];
                    *word = ::limpid_native::storage::put(*word, PLACES[#index], &self.#names);
                })*
                for (word, content) in (0u8..).zip(words) {
                    write(word, content)?;
                }
                Ok(())
            }
        }
    })
}
