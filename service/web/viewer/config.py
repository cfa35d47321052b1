"""What OHIF is told about this server: its `app-config.js`."""

import orjson

from service.transfer_syntaxes import (
    DEFLATED_IMAGE_FRAME,
    ENCAPSULATED_UNCOMPRESSED,
    JPEG_EXTENDED,
    JPEG_FULL_PROGRESSION,
    JPEG_SPECTRAL_SELECTION,
    JPEG_XL,
    JPEG_XL_LOSSLESS,
    JPEG_XL_RECOMPRESSION,
)

# Transfer syntaxes of which OHIF 3.13 has no decoder, or one that gets values or colours wrong (JPEG
# Extended): frames stored so are asked for in any other.
UNDECODED = (
    ENCAPSULATED_UNCOMPRESSED,
    JPEG_EXTENDED,
    JPEG_SPECTRAL_SELECTION,
    JPEG_FULL_PROGRESSION,
    JPEG_XL_LOSSLESS,
    JPEG_XL_RECOMPRESSION,
    JPEG_XL,
    DEFLATED_IMAGE_FRAME,
)
_FRAMES_AS = "multipart/related; type=application/octet-stream; transfer-syntax="
ACCEPT = ", ".join((f"{_FRAMES_AS}*", *(f"{_FRAMES_AS}{syntax}; q=0" for syntax in UNDECODED)))


def app_config(root: str) -> bytes:
    """Return the script that configures OHIF.

    Args:
        root: path of DICOMweb on the origin that OHIF comes from, as in `/dicom-web`.
    """
    config = {
        "extensions": [],
        "modes": [],
        "showStudyList": True,
        "investigationalUseDialog": {"option": "never"},
        "customizationService": [{"ohif.tours": {"$set": []}}],
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
