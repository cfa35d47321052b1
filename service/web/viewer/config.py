"""What OHIF is told about this server: its `app-config.js`."""

import orjson

# Transfer syntaxes of which OHIF 3.13 has no decoder, or one that gets values or colours wrong (JPEG
# Extended): frames stored so are asked for in any other.
UNDECODED = (
    "1.2.840.10008.1.2.1.98",  # Encapsulated Uncompressed
    "1.2.840.10008.1.2.4.51",  # JPEG Extended
    "1.2.840.10008.1.2.4.53",  # JPEG Spectral Selection, retired
    "1.2.840.10008.1.2.4.55",  # JPEG Full Progression, retired
    "1.2.840.10008.1.2.4.110",  # JPEG XL Lossless
    "1.2.840.10008.1.2.4.111",  # JPEG XL Recompression
    "1.2.840.10008.1.2.4.112",  # JPEG XL
    "1.2.840.10008.1.2.8.1",  # Deflated Image Frame
)
_FRAMES = "multipart/related; type=application/octet-stream; transfer-syntax="
ACCEPT = ", ".join((f"{_FRAMES}*", *(f"{_FRAMES}{one}; q=0" for one in UNDECODED)))


def app_config(root: str) -> bytes:
    """Return the script that configures OHIF.

    Args:
        root: path of DICOMweb on the origin that OHIF comes from, as in `/dicom-web`.
    """
    config = {
        "extensions": [],
        "modes": [],
        "showStudyList": True,
        "maxNumberOfWebWorkers": 3,
        "showWarningMessageForCrossOrigin": True,
        "showCPUFallbackMessage": True,
        "showLoadingIndicator": True,
        "strictZSpacingForVolumeViewport": True,
        "groupEnabledModesFirst": True,
        "maxNumRequests": {"interaction": 100, "thumbnail": 5, "prefetch": 10},
        "studyPrefetcher": {
            "enabled": True,
            "displaySetsCount": 1,
            "maxNumPrefetchRequests": 10,
            "order": "closest",
        },
        "defaultDataSourceName": "dicomweb",
        "dataSources": [_data_source(root)],
    }
    return b"window.config = " + orjson.dumps(config, option=orjson.OPT_INDENT_2) + b";\n"


def _data_source(root: str) -> dict[str, object]:
    return {
        "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
        "sourceName": "dicomweb",
        "configuration": {
            "friendlyName": "DICOMweb",
            "name": "dicomweb",
            "qidoRoot": root,
            "wadoRoot": root,
            "wadoUriRoot": f"{root}/wado",
            "qidoSupportsIncludeField": True,
            "supportsFuzzyMatching": True,
            "supportsWildcard": True,
            "supportsReject": False,
            "queryLimit": 1000,
            "enableStudyLazyLoad": True,
            "imageRendering": "wadors",
            "thumbnailRendering": "thumbnail",
            "thumbnailRequestStrategy": "fetch",
            "acceptHeader": ACCEPT,
            "omitQuotationForMultipartRequest": True,
            "singlepart": "bulkdata,video,pdf",
            "bulkDataURI": {"enabled": True},
            "dicomUploadEnabled": True,
        },
    }
