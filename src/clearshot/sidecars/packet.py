"""An XMP packet: properties read and set, and everything else in it kept.

Follows the XMP specification, part 1 (ISO 16684-1:2012), sections 7.4 to 7.9: a simple property is
an attribute of a top-level `rdf:Description` or an element in it, a list is an element that holds
an `rdf:Bag`, `rdf:Seq` or `rdf:Alt`. Names are written `prefix:Name` with the prefixes of
`NAMESPACES`, whatever prefixes the packet itself uses.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Any

from clearshot.errors import MissingExtraError, SidecarError

if TYPE_CHECKING:
    from collections.abc import Iterator

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

NAMESPACES = {
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "lr": "http://ns.adobe.com/lightroom/1.0/",
    "digiKam": "http://www.digikam.org/ns/1.0/",
    "clearshot": "https://clearshot.invalid/ns/1.0/",
}
"""Namespaces by their usual prefixes. That of clearshot is a name alone, no address."""

_ORDERED = {"digiKam:TagsList"}

# What Adobe programs and exiv2 write around a packet.
_EMPTY = b"""<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="clearshot">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""
_BOM = b"\xef\xbb\xbf"
_DECLARATION = re.compile(r"\s*(<\?xml\s[^>]*\?>)")


class Packet:
    """The XMP of one sidecar.

    Parameters
    ----------
    content : bytes or None
        The file as it is; None begins an empty packet.

    Raises
    ------
    SidecarError
        If it is no XMP, or has a form that cannot be changed without loss.
    MissingExtraError
        If lxml is not installed.
    """

    def __init__(self, content: bytes | None = None) -> None:
        self._etree = _import_etree()
        self._content = _EMPTY if content is None else content
        parser = self._etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        try:
            self._root = self._etree.fromstring(self._content, parser)
        except self._etree.XMLSyntaxError as error:
            raise SidecarError(f"is not readable XMP: {error.msg}") from error
        self._info = self._root.getroottree().docinfo
        if self._info.doctype:
            raise SidecarError("has a document type, which XMP does not")
        self._encoding = _find_codec(self._info.encoding or "UTF-8")
        self._descriptions = self._find_descriptions()

    def get(self, name: str) -> str | None:
        """Read a simple property.

        Parameters
        ----------
        name : str
            For example `xmp:Rating`.

        Returns
        -------
        str or None
            Without white space around it; None where it is not set.

        Raises
        ------
        SidecarError
            If it is set twice, or is no simple property.
        """
        holder = self._find(name)
        if holder is None:
            return None
        parent, element = holder
        if element is None:
            return str(parent.get(_expand(name))).strip()
        if len(element) or any(key.startswith(f"{{{_RDF}}}") for key in element.attrib):
            raise SidecarError(f"{name} has a form that is not known")
        return (element.text or "").strip()

    def set(self, name: str, value: str | None) -> None:
        """Set a simple property, in the place where it is.

        Parameters
        ----------
        name : str
            For example `xmp:Rating`.
        value : str or None
            None removes it.

        Raises
        ------
        SidecarError
            As for `get`.
        """
        self.get(name)
        holder = self._find(name)
        parent, element = holder or (self._descriptions[0], None)
        if element is not None:
            if value is None:
                parent.remove(element)
            else:
                element.text = value
        elif value is not None:
            parent.set(_expand(name), value)
        elif holder is not None:
            del parent.attrib[_expand(name)]

    def get_items(self, name: str) -> tuple[str, ...]:
        """Read a list.

        Parameters
        ----------
        name : str
            For example `dc:subject`.

        Returns
        -------
        tuple of str
            Its items; empty where it is not set.

        Raises
        ------
        SidecarError
            If it is set twice, or is no list.
        """
        container = self._find_container(name)
        if container is None:
            return ()
        return tuple((item.text or "").strip() for item in container.findall(f"{{{_RDF}}}li"))

    def set_items(self, name: str, items: tuple[str, ...]) -> None:
        """Set a list: items that are not named are removed, new ones come last.

        Parameters
        ----------
        name : str
            For example `dc:subject`.
        items : tuple of str
            Empty removes the list.

        Raises
        ------
        SidecarError
            As for `get_items`.
        """
        container = self._find_container(name)
        if container is None:
            if not items:
                return
            container = self._add_list(name)
        for item in container.findall(f"{{{_RDF}}}li"):
            if (item.text or "").strip() not in items:
                container.remove(item)
        present = self.get_items(name)
        for value in items:
            if value not in present:
                self._etree.SubElement(container, f"{{{_RDF}}}li").text = value
        element = container.getparent()
        if len(container) == 0:
            element.getparent().remove(element)
        else:
            self._etree.indent(element, space=" ", level=3)

    def read_all(self) -> dict[str, tuple[str, ...]]:
        """Read all properties, for a comparison.

        Returns
        -------
        dict
            By name: the values of a list, or the one value; of a structure its XML.
        """
        found: dict[str, tuple[str, ...]] = {}
        for description in self._descriptions:
            for key, value in description.attrib.items():
                if not key.startswith(f"{{{_RDF}}}"):
                    found[self._shorten(key, description)] = (value,)
            for element in self._elements(description):
                found[self._shorten(element.tag, element)] = self._read_values(element)
        return found

    def write(self) -> bytes:
        """Write the packet as a file, with the encoding, declaration and line ends it had."""
        nodes = [*reversed(list(self._root.itersiblings(preceding=True))), self._root]
        nodes += self._root.itersiblings()
        texts = [self._etree.tostring(node, encoding="unicode", with_tail=False) for node in nodes]
        encoding = self._encoding
        declaration = _DECLARATION.match(self._content.decode(encoding, "replace").lstrip("\ufeff"))
        if declaration:
            texts.insert(0, declaration[1])
        text = "\n".join(texts) + "\n"
        if "\r\n".encode(encoding)[-4:] in self._content:
            text = text.replace("\n", "\r\n")
        mark = _BOM if self._content.startswith(_BOM) else b""
        return mark + text.encode(encoding, "xmlcharrefreplace")

    def _find_descriptions(self) -> list[Any]:
        tag = f"{{{_RDF}}}RDF"
        rdf = self._root if self._root.tag == tag else self._root.find(tag)
        if rdf is None:
            raise SidecarError("is XML, but not XMP")
        descriptions = rdf.findall(f"{{{_RDF}}}Description")
        if not descriptions:
            about = {f"{{{_RDF}}}about": ""}
            descriptions = [self._etree.SubElement(rdf, f"{{{_RDF}}}Description", about)]
        return list(descriptions)

    def _find(self, name: str) -> tuple[Any, Any | None] | None:
        """Find who holds a property: a description, and the element in it or None.

        Raises
        ------
        SidecarError
            If it is set twice.
        """
        key = _expand(name)
        holders: list[tuple[Any, Any | None]] = []
        for description in self._descriptions:
            if key in description.attrib:
                holders.append((description, None))
            holders += [(description, element) for element in description.findall(key)]
        if len(holders) > 1:
            raise SidecarError(f"{name} is set more than once")
        return holders[0] if holders else None

    def _find_container(self, name: str) -> Any | None:
        holder = self._find(name)
        if holder is None:
            return None
        _, element = holder
        children = [] if element is None else list(self._elements(element))
        containers = {f"{{{_RDF}}}{kind}" for kind in ("Bag", "Seq", "Alt")}
        if len(children) != 1 or children[0].tag not in containers:
            raise SidecarError(f"{name} has a form that is not known")
        return children[0]

    def _add_list(self, name: str) -> Any:
        description = self._descriptions[0]
        # Indented as programs do it; the white space says nothing.
        description.text = description.text or "\n   "
        if len(description):
            description[-1].tail = "\n   "
        element = self._etree.SubElement(description, _expand(name))
        element.tail = "\n  "
        kind = "Seq" if name in _ORDERED else "Bag"
        return self._etree.SubElement(element, f"{{{_RDF}}}{kind}")

    def _elements(self, parent: Any) -> Iterator[Any]:
        """Go through the elements in an element, without comments."""
        return (child for child in parent if isinstance(child.tag, str))

    def _shorten(self, key: str, element: Any) -> str:
        name = self._etree.QName(key)
        prefixes = {uri: prefix for prefix, uri in element.nsmap.items()}
        prefixes |= {uri: prefix for prefix, uri in NAMESPACES.items()}
        prefix = prefixes.get(name.namespace)
        return f"{prefix}:{name.localname}" if prefix else key

    def _read_values(self, element: Any) -> tuple[str, ...]:
        children = list(self._elements(element))
        if not children and not element.attrib:
            return ((element.text or "").strip(),)
        items = [item for child in children for item in self._elements(child)]
        is_list = len(children) == 1 and all(
            item.tag == f"{{{_RDF}}}li" and not len(item) for item in items
        )
        if is_list:
            return tuple((item.text or "").strip() for item in items)
        return (
            self._etree.tostring(element, method="c14n", exclusive=True, with_tail=False).decode(
                "utf-8"
            ),
        )


def _find_codec(encoding: str) -> str:
    try:
        return codecs.lookup(encoding).name
    except LookupError as error:
        # libxml2 reads some that Python cannot write.
        raise SidecarError(f"is written in {encoding}, which is not known here") from error


def _import_etree() -> Any:
    try:
        from lxml import etree
    except ImportError as error:
        raise MissingExtraError(
            "sidecars need lxml; install it with: pip install 'clearshot[tag]'"
        ) from error
    for prefix, uri in NAMESPACES.items():
        etree.register_namespace(prefix, uri)
    return etree


def _expand(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"
