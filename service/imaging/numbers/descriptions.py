"""What there is to know about a volume, as a client is told it."""

from service.imaging.numbers.plans import Plan
from service.pixels.numbers.geometry.along import gradients_of
from service.pixels.numbers.geometry.traits import told
from service.pixels.numbers.geometry.volume import Volume


def description_of(plan: Plan) -> dict[str, object]:
    """Return all of it, with every slice."""
    return {
        **summary_of(plan),
        "varying": told([slice_.traits for slice_ in plan.volume.slices]),
        "slices": [
            {
                "SOPInstanceUID": slice_.sop_instance_uid,
                "InstanceNumber": slice_.instance_number,
                "frame": slice_.frame_number,
                "position": slice_.plane.position,
            }
            for slice_ in plan.volume.slices
        ],
    }


def summary_of(plan: Plan) -> dict[str, object]:
    """Return what does not need to be told of each slice."""
    volume = plan.made
    return {
        "shape": volume.shape,
        "type": plan.kind.name,
        "regular": volume.is_regular,
        "made": plan.form.making.as_json(),
        "spacing": volume.spacing,
        "affine": volume.affine.tolist(),
        **_fourth_axis(volume),
        "PhotometricInterpretation": plan.interpretation,
        "padding": plan.padding,
    }


def _fourth_axis(volume: Volume) -> dict[str, object]:
    gradients = gradients_of(volume)
    along = {"along": volume.along.as_json()} if volume.along else {}
    return along | ({"fsl": gradients.as_json()} if gradients else {})
