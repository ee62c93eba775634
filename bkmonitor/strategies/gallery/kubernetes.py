"""Kubernetes, as kube-state-metrics and the kubelets tell of it."""

from bkmonitor.detection.parameters import marked as _
from bkmonitor.strategies.gallery.template import (
    CRITICAL,
    WARNING,
    Subject,
    Template,
    above,
    below,
    lasting,
    level,
    limit,
    missed,
    there,
)

PRESSURES = "MemoryPressure|DiskPressure|PIDPressure"

# What has been deleted has no series any more: an expression that filters says that being
# absent is normal, and the problem ends with what had it.
TEMPLATES = (
    Template(
        key="kubernetes-crash-loop",
        title=_("A pod crashes again and again"),
        about=_("A container was started anew several times within an hour."),
        strategy={
            "expression": "max by (namespace, pod, container) "
            "(increase(kube_pod_container_status_restarts_total[1h])) > 0",
            "levels": above(warning=3, critical=10),
            "summary": "{{ labels.pod }} in {{ labels.namespace }} crashes again and again",
            "description": "kubectl -n {{ labels.namespace }} logs {{ labels.pod }} "
            "-c {{ labels.container }} --previous",
        },
    ),
    Template(
        key="kubernetes-pod-not-ready",
        title=_("A pod does not become ready"),
        about=_("It is pending, failed or unknown for a quarter of an hour on end."),
        strategy={
            "expression": "sum by (namespace, pod) "
            '(kube_pod_status_phase{phase=~"Pending|Unknown|Failed"}) > 0',
            "levels": [there(WARNING)],
            **lasting(15, recovery=3),
            "summary": "{{ labels.pod }} in {{ labels.namespace }} does not become ready",
            "description": "kubectl -n {{ labels.namespace }} describe pod {{ labels.pod }}",
        },
    ),
    Template(
        key="kubernetes-deployment",
        title=_("A deployment lacks replicas"),
        about=_("Of those that were asked for, some or all are not available."),
        strategy={
            "expression": "100 * kube_deployment_status_replicas_available / "
            "kube_deployment_spec_replicas < 100",
            "levels": [
                level(CRITICAL, limit("<=", 0))
                | {"trigger": {"count": 3, "window": 3, "recovery": 3}},
                there(WARNING),
            ],
            "unit": "percent",
            **lasting(15, recovery=3),
            "summary": "{{ labels.deployment }} in {{ labels.namespace }} lacks replicas",
            "description": "kubectl -n {{ labels.namespace }} rollout status "
            "deployment/{{ labels.deployment }}",
        },
    ),
    Template(
        key="kubernetes-daemonset",
        title=_("A daemon set lacks pods"),
        about=_("Not every node that should have a pod of it has a ready one."),
        strategy={
            "expression": "100 * kube_daemonset_status_number_ready / "
            "kube_daemonset_status_desired_number_scheduled < 100",
            "levels": [there(WARNING)],
            "unit": "percent",
            **lasting(15, recovery=3),
            "summary": "{{ labels.daemonset }} in {{ labels.namespace }} lacks pods",
        },
    ),
    Template(
        key="kubernetes-node-not-ready",
        title=_("A node is not ready"),
        about=_("Its kubelet has not answered for minutes; its pods will be moved."),
        strategy={
            "expression": 'min by (node) (kube_node_status_condition{condition="Ready",status="true"})',
            "levels": below(critical=1),
            **lasting(3, recovery=2),
            "no_data": missed(WARNING, after=10),
            "summary": "The node {{ labels.node }} is not ready",
            "description": "kubectl describe node {{ labels.node }}",
        },
    ),
    Template(
        key="kubernetes-node-pressure",
        title=_("A node is short of memory, disk or processes"),
        about=_("It evicts pods to help itself."),
        strategy={
            "expression": "max by (node, condition) "
            f'(kube_node_status_condition{{condition=~"{PRESSURES}",status="true"}})',
            "levels": above(warning=0),
            **lasting(5, recovery=3),
            "summary": "The node {{ labels.node }} has {{ labels.condition }}",
        },
    ),
    Template(
        key="kubernetes-volume-full",
        title=_("A persistent volume is nearly full"),
        about=_("What is free of a claim, by the kubelet that has mounted it."),
        strategy={
            "expression": "100 * min by (namespace, persistentvolumeclaim) "
            "(kubelet_volume_stats_available_bytes / kubelet_volume_stats_capacity_bytes)",
            "levels": below(warning=15, critical=5),
            "unit": "percent",
            **lasting(3, recovery=3),
            "summary": "{{ labels.persistentvolumeclaim }} in {{ labels.namespace }} is nearly full",
            "description": "{{ value }} % is free.",
        },
    ),
    Template(
        key="kubernetes-job-failed",
        title=_("A job has failed"),
        about=_("It is a problem until somebody removes the job."),
        strategy={
            "expression": "max by (namespace, job_name) (kube_job_status_failed) > 0",
            "levels": [there(WARNING)],
            "summary": "The job {{ labels.job_name }} in {{ labels.namespace }} has failed",
            "description": "kubectl -n {{ labels.namespace }} logs job/{{ labels.job_name }}",
        },
    ),
)

SUBJECT = Subject(
    key="kubernetes",
    title=_("Kubernetes"),
    sender="kube-state-metrics",
    how=_(
        "Have Prometheus or vmagent in the cluster scrape it and the kubelets, and write here by remote write."
    ),
    templates=TEMPLATES,
)
