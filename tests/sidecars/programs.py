"""Sidecars as other programs write them."""

from __future__ import annotations

DARKTABLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:darktable="http://darktable.sf.net/"
   xmp:Rating="3"
   xmpMM:DerivedFrom="IMG_1.CR2"
   darktable:xmp_version="5"
   darktable:auto_presets_applied="1">
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="flip"
      darktable:params="ffffffff"/>
     <rdf:li
      darktable:num="1"
      darktable:operation="exposure"/>
    </rdf:Seq>
   </darktable:history>
   <darktable:masks_history><rdf:Seq/></darktable:masks_history>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

LIGHTROOM = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xap="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xap:Label="Green"
   xap:CreatorTool="Adobe Photoshop Lightroom"
   crs:Exposure2012="+0.35">
   <!-- by hand -->
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Oma</rdf:li>
     <rdf:li>S\xc3\xa4ntis</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <dc:title>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">Auf dem Gipfel</rdf:li>
    </rdf:Alt>
   </dc:title>
   <crs:Look>
    <rdf:Description crs:Name="Adobe Color" crs:Amount="1.0">
    <crs:Parameters><rdf:Description crs:Version="15.4"/></crs:Parameters>
    </rdf:Description>
   </crs:Look>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

DIGIKAM = b"""<?xml version="1.0" encoding="UTF-8"?>\r
<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\r
<x:xmpmeta xmlns:x="adobe:ns:meta/">\r
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\r
  <rdf:Description rdf:about="" xmlns:digiKam="http://www.digikam.org/ns/1.0/">\r
   <digiKam:ColorLabel>0</digiKam:ColorLabel>\r
   <digiKam:TagsList><rdf:Seq><rdf:li>Ferien/Rom</rdf:li></rdf:Seq></digiKam:TagsList>\r
  </rdf:Description>\r
  <rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/">\r
   <xmp:Rating>0</xmp:Rating>\r
  </rdf:Description>\r
 </rdf:RDF>\r
</x:xmpmeta>\r
<?xpacket end="w"?>\r
"""

ALL = {"darktable": DARKTABLE, "lightroom": LIGHTROOM, "digikam": DIGIKAM}
